/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "svsm_fixture.h"

#include <openssl/evp.h>

const uint8_t svsm_vtpm_guid[16] = { 0xeb, 0xf1, 0x76, 0xc4, 0x23, 0x01, 0xa5,
	0x45, 0x96, 0x41, 0xb4, 0xe7, 0xdd, 0xe5, 0xbf, 0xe3 };
const uint8_t svsm_uefi_guid[16] = { 0x59, 0x3a, 0x45, 0xa4, 0x1b, 0x9e, 0x87,
	0x47, 0xa0, 0x33, 0x19, 0x86, 0xd6, 0xad, 0xbe, 0x55 };
static const uint8_t table_guid[16] = { 0xbb, 0x9e, 0x84, 0x63, 0x92, 0x3d,
	0x70, 0x46, 0xa1, 0xff, 0x58, 0xf9, 0xc9, 0x4b, 0x87, 0xbb };

void
svsm_put_ek(struct wr *w)
{
	static const uint8_t x[32] = { 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42,
		0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77,
		0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39,
		0x45, 0xd8, 0x98, 0xc2, 0x96 };
	static const uint8_t y[32] = { 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f,
		0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b,
		0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40,
		0x68, 0x37, 0xbf, 0x51, 0xf5 };

	wr_u16(w, 0x0023); /* ECC */
	wr_u16(w, 0x000b); /* SHA-256 */
	wr_u32(w, 0x000300b2);
	wr_vec(w, 2, span_of(NULL, 0));
	wr_u16(w, 0x0006); /* AES-128-CFB */
	wr_u16(w, 128);
	wr_u16(w, 0x0043);
	wr_u16(w, 0x0010); /* no scheme */
	wr_u16(w, 0x0003); /* P-256 */
	wr_u16(w, 0x0010); /* no KDF */
	wr_vec(w, 2, span_of(x, sizeof(x)));
	wr_vec(w, 2, span_of(y, sizeof(y)));
}

static void
put_le(struct wr *w, size_t v)
{
	for (int i = 0; i < 4; i++)
		wr_u8(w, (uint8_t)(v >> 8 * i));
}

void
svsm_put_table(struct wr *w, const struct svsm_part *parts, size_t n)
{
	size_t at = 24 * (n + 1), size = at;

	for (size_t i = 0; i < n; i++)
		size += parts[i].manifest.n;
	wr_bytes(w, span_of(table_guid, sizeof(table_guid)));
	put_le(w, size);
	put_le(w, n);
	for (size_t i = 0; i < n; i++) {
		wr_bytes(w, span_of(parts[i].guid, 16));
		put_le(w, at);
		put_le(w, parts[i].manifest.n);
		at += parts[i].manifest.n;
	}
	for (size_t i = 0; i < n; i++)
		wr_bytes(w, parts[i].manifest);
}

void
svsm_put_services(struct wr *w)
{
	uint8_t ek[256];
	struct svsm_part parts[] = { { svsm_vtpm_guid, { NULL, 0 } },
		{ svsm_uefi_guid, STR("\0\0\0\0\0\0\0\2") } };
	struct wr key;

	wr_init(&key, ek, sizeof(ek));
	svsm_put_ek(&key);
	parts[0].manifest = wr_view(&key);
	svsm_put_table(w, parts, 2);
}

void
svsm_data(const uint8_t asked[64], struct span manifest, uint8_t ret[64])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert_int_equal(EVP_DigestInit_ex(ctx, EVP_sha512(), NULL), 1);
	assert_int_equal(EVP_DigestUpdate(ctx, asked, 64), 1);
	assert_int_equal(EVP_DigestUpdate(ctx, manifest.p, manifest.n), 1);
	assert_int_equal(EVP_DigestFinal_ex(ctx, ret, NULL), 1);
	EVP_MD_CTX_free(ctx);
}
