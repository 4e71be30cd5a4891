-- SPDX-License-Identifier: Apache-2.0
--
-- Wireshark and tshark: the frames of seal/1, which are inside of TLS or DTLS,
-- and the extension remoteAttestation of TLS's handshake.
--
--	tshark -X lua_script:contrib/seal.lua -o tls.keylog_file:KEYS -r CAPTURE
--
-- Not as root: tshark 4.4 then passes scripts over without a word.
--
-- `seal` takes the stream carriage from TLS by its ALPN; `seal_datagram` the
-- datagram carriage from DTLS likewise, or, where records are decrypted by other
-- means, from UDP: -d udp.port==PORT,seal_datagram. `seal_intra` reads the
-- extension wherever TLS's dissector shows a handshake message.

local types = {
	[1] = "HELLO", [2] = "REQUEST", [3] = "AUTHENTICATOR",
	[4] = "VERDICT", [5] = "DATA", [6] = "CLOSE", [7] = "ACK",
}
-- The largest body of a type.
local limits = {
	[1] = 4096, [2] = 4096, [3] = 131072, [4] = 512, [5] = 16380,
	[6] = 512,
}
local outcomes = {
	[1] = "accepted", [2] = "refused_policy", [3] = "refused_evidence",
	[4] = "refused_key", [5] = "stale", [6] = "unavailable",
	[7] = "unsupported", [8] = "protocol", [9] = "timeout",
	[10] = "closed",
}
local handshakes = {
	[11] = "Certificate", [13] = "CertificateRequest (of the server)",
	[15] = "CertificateVerify", [17] = "ClientCertificateRequest",
	[20] = "Finished",
}
local kinds = { [0] = "Evidence", [1] = "Attestation Result" }

local stream = Proto("seal", "SEAL, attested TLS")
local datagram = Proto("seal_datagram", "SEAL, attested DTLS")

local f = {
	type = ProtoField.uint8("seal.type", "Type", base.DEC, types),
	length = ProtoField.uint24("seal.length", "Length"),
	seq = ProtoField.uint16("seal.msg_seq", "Message number"),
	total = ProtoField.uint24("seal.total", "Bytes of the message"),
	offset = ProtoField.uint24("seal.offset", "Offset of these"),
	fragment = ProtoField.bytes("seal.fragment", "Bytes"),
	data = ProtoField.bytes("seal.data", "Application data"),
	version = ProtoField.uint32("seal.hello.version", "Version"),
	produces = ProtoField.string("seal.hello.produces", "Produces"),
	accepts = ProtoField.string("seal.hello.accepts", "Accepts"),
	requires = ProtoField.bool("seal.hello.requires",
	    "Requires attestation"),
	alpn = ProtoField.string("seal.hello.alpn", "Inner protocol"),
	reveals = ProtoField.bool("seal.hello.reveals_after",
	    "Reveals only after the peer"),
	handshake = ProtoField.uint8("seal.handshake", "RFC 9261 message",
	    base.DEC, handshakes),
	context = ProtoField.bytes("seal.context",
	    "certificate_request_context"),
	outcome = ProtoField.uint32("seal.outcome", "Outcome", base.DEC,
	    outcomes),
	lease = ProtoField.uint32("seal.lease", "Lease in seconds"),
	text = ProtoField.string("seal.text", "Text"),
	ack_seq = ProtoField.uint32("seal.ack.msg_seq", "Message"),
	ack_offset = ProtoField.uint32("seal.ack.offset", "Offset"),
	ack_length = ProtoField.uint32("seal.ack.length", "Length"),
}
local all = {}
for _, field in pairs(f) do
	all[#all + 1] = field
end
stream.fields = all

local malformed = ProtoExpert.new("seal.malformed", "Malformed",
    expert.group.MALFORMED, expert.severity.ERROR)
stream.experts = { malformed }

-- ---- CBOR, as much of it as frames hold: { kind, value, range } ----

local DEPTH = 8
local read_item

-- The head at `at`: major type, argument, where what follows begins.
local function read_head(buf, at)
	local first = buf(at, 1):uint()
	local major, info = math.floor(first / 32), first % 32
	local sizes = { [24] = 1, [25] = 2, [26] = 4 }

	if info < 24 then
		return major, info, at + 1
	end
	local size = sizes[info]
	if size == nil then
		error("a length that frames have no need of")
	end
	return major, buf(at + 1, size):uint(), at + 1 + size
end

local function read_items(buf, at, n, depth)
	local items = {}

	if n > buf:len() then
		error("more items than bytes")
	end
	for i = 1, n do
		items[i], at = read_item(buf, at, depth + 1)
	end
	return items, at
end

function read_item(buf, at, depth)
	local major, n, next_at = read_head(buf, at)
	local item = { kind = major, value = n }

	if depth > DEPTH then
		error("nested too deep")
	end
	if n > 0 and (major == 2 or major == 3) then
		item.body = buf(next_at, n)
		item.value = major == 3 and item.body:string() or nil
		next_at = next_at + n
	elseif major == 4 then
		item.items, next_at = read_items(buf, next_at, n, depth)
	elseif major == 5 then
		item.items, next_at = read_items(buf, next_at, 2 * n, depth)
	elseif major == 7 then
		item.value = n == 21
	end
	item.range = buf(at, next_at - at)
	return item, next_at
end

-- A whole body as a map of small numbers.
local function read_map(buf)
	local map = {}
	local item, at = read_item(buf, 0, 0)

	if item.kind ~= 5 or at ~= buf:len() then
		error("expected one map")
	end
	for i = 1, #item.items, 2 do
		map[item.items[i].value] = item.items[i + 1]
	end
	return map
end

-- ---- Bodies ----

local function show_schemes(list, field, tree)
	for _, scheme in ipairs(list ~= nil and list.items or {}) do
		local kind, name = scheme.items[1], scheme.items[2]

		tree:add(field, scheme.range, name.value):append_text(" (" ..
		    (kinds[kind.value] or "unknown kind") .. ")")
	end
end

local function show_hello(buf, tree)
	local map = read_map(buf)

	tree:add(f.version, map[1].range, map[1].value)
	show_schemes(map[2], f.produces, tree)
	show_schemes(map[3], f.accepts, tree)
	tree:add(f.requires, map[4].range, map[4].value)
	for _, name in ipairs(map[5] ~= nil and map[5].items or {}) do
		tree:add(f.alpn, name.range, name.body:string())
	end
	if map[6] ~= nil then
		tree:add(f.reveals, map[6].range, map[6].value)
	end
end

-- Messages with TLS headers: type, length in 3 bytes, body.
local function show_handshakes(buf, tree)
	local at = 0

	while at < buf:len() do
		local kind = buf(at, 1):uint()
		local n = buf(at + 1, 3):uint()
		local part = tree:add(f.handshake, buf(at, 1), kind)
		local body = buf(at + 4, n)

		part:set_len(4 + n)
		part:append_text(", " .. n .. " bytes")
		-- All but CertificateVerify and Finished begin with it.
		if kind == 11 or kind == 13 or kind == 17 then
			part:add(f.context, body(1, body(0, 1):uint()))
		end
		at = at + 4 + n
	end
end

local function show_outcome(buf, tree)
	local map = read_map(buf)
	local text = outcomes[map[0].value] or "unknown, so refused"

	tree:add(f.outcome, map[0].range, map[0].value)
	return map, text
end

local function show_verdict(buf, tree)
	local map, text = show_outcome(buf, tree)

	if map[1] ~= nil then
		tree:add(f.lease, map[1].range, map[1].value)
	end
	if map[2] ~= nil and map[2].range:len() > 1 then
		tree:add(f.context, map[2].body)
	elseif map[2] ~= nil then
		text = text .. ", of the handshake"
	end
	return text
end

local function show_close(buf, tree)
	local map, text = show_outcome(buf, tree)

	if map[1] ~= nil then
		tree:add(f.text, map[1].range, map[1].value)
	end
	return text
end

local bodies = {
	[1] = show_hello,
	[2] = show_handshakes,
	[3] = show_handshakes,
	[4] = show_verdict,
	[5] = function(buf, tree)
		tree:add(f.data, buf())
	end,
	[6] = show_close,
}

-- What a body cannot be read as is marked; the frames behind it are shown.
local function show_body(kind, buf, tree)
	if buf:len() == 0 then
		return kind == 5 and "end of data" or "empty"
	end
	local ok, result = pcall(bodies[kind], buf:tvb("SEAL"), tree)
	if not ok then
		tree:add_proto_expert_info(malformed,
		    types[kind] .. ": " .. tostring(result))
		return "malformed"
	end
	return result
end

local function title(kind, detail)
	return types[kind] .. (detail ~= nil and " (" .. detail .. ")" or "")
end

-- ---- The stream carriage: type, length in 3 bytes, body ----

local HEADER = 4

local function show_frame(buf, tree, n)
	local kind = buf(0, 1):uint()
	local part = tree:add(stream, buf(0, HEADER + n))

	part:add(f.type, buf(0, 1))
	part:add(f.length, buf(1, 3))
	local detail
	if n > 0 then
		detail = show_body(kind, buf(HEADER, n), part)
	elseif kind == 5 then
		detail = "end of data"
	end
	local text = title(kind, detail)
	part:set_text("SEAL " .. text)
	return text
end

function stream.dissector(buf, pinfo, tree)
	local at, shown = 0, {}

	pinfo.cols.protocol = "SEAL"
	while at < buf:len() do
		local left = buf:len() - at

		if left < HEADER then
			pinfo.desegment_offset = at
			pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
			break
		end
		local kind, n = buf(at, 1):uint(), buf(at + 1, 3):uint()
		if limits[kind] == nil or n > limits[kind] then
			tree:add(stream, buf(at)):add_proto_expert_info(malformed,
			    "a type from 1 to 6, within its limit")
			shown[#shown + 1] = "malformed"
			at = buf:len()
			break
		end
		if left < HEADER + n then
			pinfo.desegment_offset = at
			pinfo.desegment_len = HEADER + n - left
			break
		end
		shown[#shown + 1] =
		    show_frame(buf(at, HEADER + n), tree, n)
		at = at + HEADER + n
	end
	if #shown > 0 then
		pinfo.cols.info = table.concat(shown, ", ")
	end
	return buf:len()
end

-- ---- The datagram carriage: DATA, ACKs, and fragments of messages ----

local FRAGMENT = 9

local function show_acks(buf, tree)
	local list, at = read_item(buf, 0, 0)

	if list.kind ~= 4 or at ~= buf:len() then
		error("expected one list")
	end
	for _, range in ipairs(list.items) do
		local part = tree:add(range.range, "Range")

		part:add(f.ack_seq, range.items[1].range,
		    range.items[1].value)
		part:add(f.ack_offset, range.items[2].range,
		    range.items[2].value)
		part:add(f.ack_length, range.items[3].range,
		    range.items[3].value)
	end
	return #list.items .. " ranges"
end

local function show_fragment(buf, part)
	local kind = buf(0, 1):uint()
	local seq, total = buf(1, 2):uint(), buf(3, 3):uint()
	local offset, n = buf(6, 3):uint(), buf:len() - FRAGMENT

	part:add(f.seq, buf(1, 2))
	part:add(f.total, buf(3, 3))
	part:add(f.offset, buf(6, 3))
	local detail = "message " .. seq
	if n == total and n > 0 then
		local more = show_body(kind, buf(FRAGMENT, n), part)
		return detail .. (more ~= nil and ", " .. more or "")
	elseif n > 0 then
		part:add(f.fragment, buf(FRAGMENT, n))
	end
	return string.format("%s, %d at %d of %d", detail, n, offset, total)
end

local function show_datagram(buf, part)
	local kind = buf(0, 1):uint()

	part:add(f.type, buf(0, 1))
	if types[kind] == nil then
		error("type " .. kind)
	elseif kind == 5 then
		if buf:len() > 1 then
			part:add(f.data, buf(1))
		end
		return title(kind)
	elseif kind == 7 then
		return title(kind, show_acks(buf(1):tvb("ACK"), part))
	end
	return title(kind, show_fragment(buf, part))
end

function datagram.dissector(buf, pinfo, tree)
	if buf:len() == 0 then
		return 0
	end
	local part = tree:add(datagram, buf())
	local ok, text = pcall(show_datagram, buf, part)

	if not ok then
		part:add_proto_expert_info(malformed, tostring(text))
		text = "malformed"
	end
	pinfo.cols.protocol = "SEAL"
	pinfo.cols.info = text
	part:set_text("SEAL " .. text)
	return buf:len()
end

local function register(name, pattern, proto)
	local ok, found = pcall(DissectorTable.get, name)

	if ok and found ~= nil then
		found:add(pattern, proto)
	end
end

register("tls.alpn", "seal/1", stream)
register("dtls.alpn", "seal/1", datagram)
DissectorTable.get("udp.port"):add_for_decode_as(datagram)

-- ---- The extension of the handshake, wherever TLS's own dissector shows it ----

local intra = Proto("seal_intra", "SEAL, attestation in the handshake")
local places = {
	[1] = "ClientHello", [8] = "EncryptedExtensions", [11] = "Certificate",
	[13] = "CertificateRequest",
}
local g = {
	message = ProtoField.uint8("seal_intra.message", "Message", base.DEC,
	    places),
	server = ProtoField.string("seal_intra.server_attests",
	    "Server may attest with"),
	client = ProtoField.string("seal_intra.client_attests",
	    "Client may attest with"),
	chosen = ProtoField.string("seal_intra.server_chose",
	    "Server attests with"),
	wanted = ProtoField.string("seal_intra.client_asked",
	    "Client is asked to attest with"),
	cmw = ProtoField.bytes("seal_intra.cmw", "CMW"),
	media_type = ProtoField.string("seal_intra.cmw_type", "CMW of type"),
}

intra.prefs.extension = Pref.uint("Extension", 0xff02,
    "Code point of remoteAttestation")
intra.fields = { g.message, g.server, g.client, g.chosen, g.wanted, g.cmw,
	g.media_type }
intra.experts = { ProtoExpert.new("seal_intra.malformed", "Malformed",
    expert.group.MALFORMED, expert.severity.ERROR) }

local handshake_type = Field.new("tls.handshake.type")
local extension_type = Field.new("tls.handshake.extension.type")

-- mechanism(1); for Evidence type_encoding(1); then a number or a text.
local function show_scheme(buf, at, field, tree)
	local from, kind = at, buf(at, 1):uint()
	local coded = kind == 0 and buf(at + 1, 1):uint() == 0
	local text

	at = at + (kind == 0 and 2 or 1)
	local n = buf(at, 2):uint()
	at = at + 2
	if coded then
		text = "content format " .. n
	else
		text = n > 0 and buf(at, n):string() or ""
		at = at + n
	end
	tree:add(field, buf(from, at - from), text):append_text(" (" ..
	    (kinds[kind] or "unknown kind") .. ")")
	return at
end

local function show_offer(buf, at, field, tree)
	local stop = at + 2 + buf(at, 2):uint()

	at = at + 2
	while at < stop do
		at = show_scheme(buf, at, field, tree)
	end
	return at
end

local function show_cmw(buf, tree)
	local n = buf(0, 3):uint()
	local item = read_item(buf(3, n):tvb("CMW"), 0, 0)

	tree:add(g.cmw, buf(3, n))
	if item.kind == 4 and item.items[1].kind == 3 then
		tree:add(g.media_type, buf(3, n), item.items[1].value)
	end
	return 3 + n
end

local contents = {
	[1] = function(buf, tree)
		return show_offer(buf, show_offer(buf, 0, g.server, tree),
		    g.client, tree)
	end,
	[8] = function(buf, tree)
		return show_scheme(buf, 0, g.chosen, tree)
	end,
	[11] = show_cmw,
	[13] = function(buf, tree)
		return show_scheme(buf, 0, g.wanted, tree)
	end,
}

local function show_extension(message, buf, tree)
	local part = tree:add(intra, buf())

	part:add(g.message, message)
	part:append_text(": " .. (places[message] or "a message without it"))
	local ok, n = pcall(contents[message], buf:tvb("SEAL"), part)
	if not ok or n ~= buf:len() then
		part:add_proto_expert_info(intra.experts[1], "remoteAttestation: " ..
		    (ok and "bytes behind its content" or tostring(n)))
	end
end

-- Messages and their extensions come in the order of the tree.
function intra.dissector(_, _, tree)
	if handshake_type() == nil or extension_type() == nil then
		return
	end
	local message
	for _, info in ipairs({ all_field_infos() }) do
		if info.name == "tls.handshake.type" then
			message = info.value
		elseif info.name == "tls.handshake.extension.type" and
		    info.value == intra.prefs.extension then
			local n = info.source(info.offset + 2, 2):uint()

			show_extension(message, n > 0 and
			    info.source(info.offset + 4, n) or
			    info.source(info.offset, 4), tree)
		end
	end
end

register_postdissector(intra, true)
