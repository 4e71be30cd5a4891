/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* Every bound on input has a name, and stands here if two rooms share it. */
#define LIMIT_CMW 65529u        /* bytes, post-handshake (PROTOCOL 3) */
#define LIMIT_FRAME_HELLO 4096u /* bytes (PROTOCOL 6) */
#define LIMIT_FRAME_REQUEST 4096u
#define LIMIT_FRAME_AUTHENTICATOR 131072u
#define LIMIT_FRAME_VERDICT 512u
#define LIMIT_FRAME_DATA 16380u
#define LIMIT_CONTEXTS 65536u    /* contexts a connection (PROTOCOL 4) */
#define LIMIT_CHAIN 8u           /* certificates in one chain */
#define LIMIT_CERTIFICATE 16384u /* bytes of one certificate, DER */
#define LIMIT_SPKI 2048u         /* bytes, DER; RSA-8192 fits */
#define LIMIT_SIGNATURE 1024u    /* bytes; RSA-8192 fits */
#define LIMIT_SCHEMES 16u        /* schemes in one list of a HELLO */
#define LIMIT_ALPN 16u           /* inner protocols in one HELLO */
#define LIMIT_JSON 1048576u      /* bytes of a configuration or policy */
#define LIMIT_FILE 4194304u      /* bytes of any file we read */
#define LIMIT_DEPTH 16u          /* nesting of CBOR */
#define LIMIT_MAP 64u            /* entries of a CBOR map that we walk */

#define SEAL_CONTEXT_SIZE 33 /* role byte and 32 random bytes, PROTOCOL 4 */

#endif
