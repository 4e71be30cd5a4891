#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hostile text in every place that a verifier reads: verifier_hostile.py PORT
TOKEN POLICY-FILE. Each row must be answered, as one of the statuses that it
may have, without an error of ours, and without its text coming back where it
could be taken for markup."""
import http.client
import json
import socket
import sys

port, token, policy_file = int(sys.argv[1]), sys.argv[2], sys.argv[3]
policy = open(policy_file, "rb").read()
wrong = 0
done = 0

# What is tried, by name.
TEXTS = [
    ("quote", "'"),
    ("or true", "' OR '1'='1"),
    ("union", "' UNION SELECT id, nonce, 1, 1, 1 FROM session --"),
    ("stacked", "'; DROP TABLE ar; --"),
    ("stacked in PostgreSQL", "$$; DROP TABLE session CASCADE; $$"),
    ("placeholder", "$1"),
    ("double quote", '"; DELETE FROM item; --'),
    ("backslash", "\\'; DROP TABLE item; --"),
    ("like", "%_%"),
    ("comment", "/**/OR/**/1=1"),
    ("script", "<script>alert(1)</script>"),
    ("attribute", "\" onmouseover=\"alert(1)"),
    ("image", "<img src=x onerror=alert(1)>"),
    ("entity", "&lt;script&gt;&#60;b&#62;"),
    ("json", "\",\"status\":\"complete\",\"x\":\""),
    ("line", "a\r\nSet-Cookie: x=y\r\n\r\n<b>"),
    ("NUL", "a\0b"),
    ("only NUL", "\0"),
    ("escape", "\x1b[2J\x07"),
    ("dots", "../../../../etc/passwd"),
    ("one dot", "."),
    ("absolute", "/etc/passwd"),
    ("windows", "..\\..\\boot.ini"),
    ("file url", "file:///etc/passwd"),
    ("format", "%s%s%n%n%99999999d"),
    ("template", "{{7*7}}${7*7}<%= 7 %>"),
    ("right to left", "\u202egnp.exe"),
    ("emoji", "\U0001f4a3"),
    ("very long", "A" * 5000),
    ("number", "99999999999999999999999999"),
    ("minus", "-1"),
    ("float", "1e3"),
    ("blank", " "),
    ("empty", ""),
]
# The same, as no text: not UTF-8 at all.
BYTES = [
    ("overlong dot", b"\xc0\xae\xc0\xae\xc0\xaf"),
    ("overlong quote", b"\xc0\xa7 OR 1=1"),
    ("overlong NUL", b"\xc0\x80"),
    ("surrogate", b"\xed\xa0\x80"),
    ("past Unicode", b"\xf4\x90\x80\x80"),
    ("cut off", b"\xe2\x82"),
    ("alone", b"\xff\xfe"),
]
ALL = [(n, t.encode("utf-8", "surrogatepass")) for n, t in TEXTS] + BYTES
# Escaped as nobody escapes: must not be taken for what it stands for.
RAW = [
    ("double escape", b"%2527%20OR%201=1"),
    ("half an escape", b"%"),
    ("no hex", b"%zz%GG"),
    ("cut escape", b"%2"),
    ("UTF-16 escape", b"%u0027"),
    ("escaped dots", b"%2e%2e%2f%2e%2e%2fetc%2fpasswd"),
    ("escaped NUL", b"%00"),
    ("plus", b"+OR+1=1"),
    ("semicolon", b";jsessionid=1"),
]


def quote(raw):
    return b"".join(b"%%%02X" % c for c in raw)


def request(method, target, headers=(), body=b""):
    """One request, byte for byte; the status, head and body of its answer."""
    s = socket.create_connection(("127.0.0.1", port), timeout=30)
    head = method + b" " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    for name, value in headers:
        head += name + b": " + value + b"\r\n"
    if body or method == b"POST":
        head += b"Content-Length: %d\r\n" % len(body)
    s.sendall(head + b"\r\n" + body)
    answer = http.client.HTTPResponse(s, method=method.decode("latin-1"))
    try:
        answer.begin()
        return answer.status, answer.getheaders(), answer.read()
    finally:
        answer.close()
        s.close()


def say(what, why):
    global wrong
    wrong += 1
    print("FAILED: %s: %s" % (what, why), file=sys.stderr)


def expect(what, statuses, *args, **more):
    """The answer's body, once its status and form are as they must be."""
    global done
    done += 1
    try:
        status, headers, body = request(*args, **more)
    except (OSError, http.client.HTTPException) as e:
        say(what, "no answer: %r" % e)
        return b""
    if status not in statuses:
        say(what, "expected %s, found %d: %r" % (statuses, status, body[:200]))
    kinds = dict((k.lower(), v) for k, v in headers)
    if "set-cookie" in kinds:
        say(what, "a header of the requester's came back")
    kind = kinds.get("content-type", "")
    if "json" in kind:
        try:
            json.loads(body.decode("utf-8"))
        except ValueError as e:
            say(what, "not JSON: %s: %r" % (e, body[:200]))
    if kind.startswith("text/html") and status != 200 and b"/style.css" in body:
        say(what, "a page with a failure")
    for bad in (b"<script", b"<img", b'" onmouse'):
        if kind.startswith("text/html") and bad in body:
            say(what, "markup came back: %r" % bad)
    return body


def new_session():
    status, headers, body = request(b"POST", b"/challenge-response/v1/newSession")
    assert status == 201, (status, body)
    return dict(headers)["Location"].encode()


bearer = (b"Authorization", b"Bearer " + token.encode())
policy_type = (b"Content-Type", b"application/vnd.sealtls.policy+json")
cmw_type = (b"Content-Type", b"application/cmw+cbor")
submit = b"/endorsement-provisioning/v1/submit"

# Escaped text and text as it stands, in each segment and each argument.
for name, raw in [(n, quote(t)) for n, t in ALL] + RAW:
    for method in (b"GET", b"POST", b"DELETE"):
        expect("session, %s %s" % (method.decode(), name), (404, 405),
               method, b"/challenge-response/v1/session/" + raw)
    expect("behind a session, " + name, (404, 405), b"GET", new_session() + b"/" + raw)
    expect("right behind a session, " + name,
           (200,) if raw in (b"",) else (404, 405), b"GET", new_session() + raw)
    expect("segment, " + name, (404,), b"GET", b"/x" + raw)
    expect("known files, " + name, (200,) if raw == b"" else (404,), b"GET", b"/style.css" + raw)
    expect("well-known, " + name, (404,), b"GET", b"/.well-known/" + raw)
    expect("nonce, " + name, (400,), b"POST",
           b"/challenge-response/v1/newSession?nonce=" + raw)
    expect("nonceSize, " + name, (400,), b"POST",
           b"/challenge-response/v1/newSession?nonceSize=" + raw)
    expect("unknown argument, " + name, (201,), b"POST",
           b"/challenge-response/v1/newSession?" + (raw or b"x"))
    for arg in (b"attester", b"scheme", b"outcome", b"before"):
        expect("page, %s, %s" % (arg.decode(), name), (200, 400), b"GET",
               b"/?" + arg + b"=" + raw)
    if name not in ("number", "minus", "float"):  # which are names
        expect("name of a policy, " + name, (400,), b"POST", submit + b"?name=" + raw,
               headers=(policy_type, bearer), body=policy)

# Headers and bodies hold the bytes themselves.
for name, text in ALL:
    if b"\r" in text or b"\n" in text or b"\0" in text or len(text) > 4000:
        continue
    plain = text.strip()
    expect("Content-Type, " + name, (415,), b"POST", new_session(),
           headers=((b"Content-Type", plain),) if plain else (), body=b"x")
    expect("parameter of a type, " + name, (415,), b"POST", new_session(),
           headers=((b"Content-Type", b"application/eat+cwt; eat_profile=\"" + text + b"\""),),
           body=b"x")
    expect("type of a policy, " + name, (415,), b"POST", submit,
           headers=((b"Content-Type", plain), bearer) if plain else (bearer,), body=policy)
    expect("token, " + name, (401,), b"POST", submit,
           headers=(policy_type, (b"Authorization", b"Bearer " + text)), body=policy)
    expect("scheme of authorisation, " + name, (401,), b"POST", submit,
           headers=(policy_type, (b"Authorization", text + b" " + token.encode())), body=policy)
    expect("Host, " + name, (200, 400, 404), b"GET", b"/healthz",
           headers=((b"X-Forwarded-For", plain), (b"X-Original-URL", b"/metrics")))
for name, text in ALL:
    expect("Evidence, " + name, (200, 400), b"POST", new_session(),
           headers=(cmw_type,), body=text)
    expect("policy, " + name, (400,), b"POST", submit,
           headers=(policy_type, bearer), body=text)
    for key in ("version", "identity", "accept"):
        doc = json.loads(policy)
        doc[key] = text.decode("latin-1")
        expect("policy, %s, %s" % (key, name), (400,), b"POST", submit,
               headers=(policy_type, bearer), body=json.dumps(doc).encode())
    doc = json.loads(policy)
    doc["identity"] = {"mode": "pkix", "ca": text.decode("latin-1")}
    expect("policy, ca, " + name, (400,), b"POST", submit,
           headers=(policy_type, bearer), body=json.dumps(doc).encode())
    doc = json.loads(policy)
    doc["accept"][0]["scheme"] = text.decode("latin-1")
    # A type that nobody knows is refused; one that is accepted is text.
    expect("policy, scheme, " + name, (400,), b"POST", submit,
           headers=(policy_type, bearer), body=json.dumps(doc).encode())

# What one may not see looks the same, whatever it is asked by.
for host in (b"verifier.example", b"localhost.evil.example", b"127.0.0.1.evil.example",
             b"evil.example:80", b"[::2]", b"127.evil"):
    s = socket.create_connection(("127.0.0.1", port), timeout=30)
    s.sendall(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    answer = http.client.HTTPResponse(s)
    answer.begin()
    done += 1
    if answer.status != 404:
        say("page by the name " + host.decode(), "expected 404, found %d" % answer.status)
    answer.close()
    s.close()

# After all that it is in one piece.
expect("health", (200,), b"GET", b"/healthz")
expect("page", (200,), b"GET", b"/")
print("%d hostile requests, %d wrong" % (done, wrong))
sys.exit(wrong != 0)
