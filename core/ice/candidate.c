/*
 * Candidates (RFC 8445 5.1) and their text (RFC 8839 5.1):
 *
 *   candidate:FOUNDATION COMPONENT TRANSPORT PRIORITY ADDRESS PORT typ TYPE
 *   [raddr ADDRESS rport PORT] [NAME VALUE]...
 *
 * We have one component and one transport. The related address of the peer
 * only explains (RFC 8839 5.1); other extensions are skipped.
 */
#include "ice/candidate.h"

#include "base/addr.h"
#include "base/cursor.h"
#include "ice/credentials.h"

#include <string.h>

#define COMPONENT 1u

/* RFC 8445 5.1.2.2, the recommended preferences. */
static const struct type {
	const char *name;
	uint32_t preference;
} types[] = {
	[CANDIDATE_HOST] = {"host", 126},
	[CANDIDATE_SRFLX] = {"srflx", 100},
	[CANDIDATE_PRFLX] = {"prflx", 110},
	[CANDIDATE_RELAY] = {"relay", 0},
	/* RFC 6544 4.2: below all of UDP that is direct. */
	[CANDIDATE_TCP] = {"host", 90},
};

#define TYPES CANDIDATE_TCP /* of which a text may be */
#define TCP_PRFLX_PREFERENCE 80u

uint32_t air_candidate_priority(enum air_candidate_type type,
				uint32_t local_preference)
{
	return types[type].preference << 24 | local_preference << 8 |
	       (256 - COMPONENT);
}

uint32_t air_candidate_prflx_priority(const struct air_candidate *base)
{
	uint32_t rest = base->priority & 0xffffff;
	uint32_t preference = base->type == CANDIDATE_TCP
				      ? TCP_PRFLX_PREFERENCE
				      : types[CANDIDATE_PRFLX].preference;

	return preference << 24 | rest;
}

const altair_addr *air_candidate_base(const struct air_candidate *local)
{
	return local->type == CANDIDATE_RELAY ? &local->addr : &local->base;
}

bool air_candidate_is_usable(const altair_addr *addr, bool loopback)
{
	enum altair_addr_class class = altair_addr_classify(addr);

	return air_addr_is_endpoint(addr) && addr->scope == 0 &&
	       class != ALTAIR_ADDR_LINK_LOCAL &&
	       (loopback || class != ALTAIR_ADDR_LOOPBACK);
}

/* --- reading ------------------------------------------------------------- */

/* The next word, without the one space before it; empty at the end. */
static altair_bytes next_word(const char **at)
{
	const char *start = *at += **at == ' ';

	while (**at && **at != ' ')
		++*at;
	return (altair_bytes){(const uint8_t *)start, (size_t)(*at - start)};
}

/* Digits, at most `most`; false for anything else. */
static bool read_number(altair_bytes word, uint32_t most, uint32_t *out)
{
	uint64_t value = 0;

	if (word.len == 0 || word.len > 10)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (word.data[i] < '0' || word.data[i] > '9')
			return false;
		value = value * 10 + (word.data[i] - '0');
	}
	*out = (uint32_t)value;
	return value <= most;
}

/* False for what is no IP address, thus perhaps a name. */
static bool read_ip(altair_bytes word, altair_addr *out)
{
	char text[ALTAIR_ADDR_TEXT];

	if (word.len >= sizeof text)
		return false;
	memcpy(text, word.data, word.len);
	text[word.len] = '\0';
	return altair_addr_parse_ip(out, text, 0) == 0;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

/* ABNF strings do not mind the case (RFC 5234 2.3). */
static bool is_word(altair_bytes word, const char *small)
{
	if (word.len != strlen(small))
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (lower(word.data[i]) != (uint8_t)small[i])
			return false;
	return true;
}

static bool read_type(altair_bytes word, enum air_candidate_type *out)
{
	for (size_t i = 0; i < TYPES; i++) {
		if (is_word(word, types[i].name)) {
			*out = (enum air_candidate_type)i;
			return true;
		}
	}
	return false;
}

static bool read_foundation(const char **at, char out[AIR_FOUNDATION_MAX + 1])
{
	altair_bytes prefix = air_text("candidate:"), word;

	if (strlen(*at) < prefix.len || memcmp(*at, prefix.data, prefix.len))
		return false;
	*at += prefix.len;
	word = next_word(at);
	if (word.len == 0 || word.len > AIR_FOUNDATION_MAX ||
	    !air_credentials_are_ice_chars(word))
		return false;
	memcpy(out, word.data, word.len);
	return true;
}

/* The value behind a name of the extensions; empty where there is none. */
static altair_bytes find_extension(const char *text, const char *name)
{
	altair_bytes word, value;

	do {
		word = next_word(&text);
		value = next_word(&text);
	} while (word.len > 0 && !is_word(word, name));
	return value;
}

/* No address if there is none, or if the peer hides it. */
static void read_related(altair_addr *out, const char *extensions)
{
	altair_addr addr;
	uint32_t port;

	if (!read_ip(find_extension(extensions, "raddr"), &addr) ||
	    !read_number(find_extension(extensions, "rport"), UINT16_MAX,
			 &port))
		return;
	addr.port = (uint16_t)port;
	if (air_addr_is_endpoint(&addr))
		*out = addr;
}

/* RFC 6544 4.5: of the peer's candidates over TCP those that we can connect to
 * are of use; whether it is a host's own is all the same then. */
static bool read_tcp(altair_bytes transport, const char *extensions,
		     enum air_candidate_type *type)
{
	bool is_relayed = *type == CANDIDATE_RELAY;

	*type = CANDIDATE_TCP;
	return is_word(transport, "tcp") && !is_relayed &&
	       is_word(find_extension(extensions, "tcptype"), "passive");
}

int air_candidate_parse(struct air_candidate *out, const char *text)
{
	altair_bytes transport, address, type;
	uint32_t component, port;
	bool is_known;

	memset(out, 0, sizeof *out);
	if (!read_foundation(&text, out->foundation) ||
	    !read_number(next_word(&text), 256, &component) || component == 0)
		return ALTAIR_E_SYNTAX;
	transport = next_word(&text);
	/* RFC 8445 5.1.2: from 1 to 2^31 - 1. */
	if (!read_number(next_word(&text), INT32_MAX, &out->priority) ||
	    out->priority == 0)
		return ALTAIR_E_SYNTAX;
	address = next_word(&text);
	if (!read_number(next_word(&text), UINT16_MAX, &port) ||
	    !is_word(next_word(&text), "typ"))
		return ALTAIR_E_SYNTAX;
	type = next_word(&text);
	if (transport.len == 0 || address.len == 0 || type.len == 0)
		return ALTAIR_E_SYNTAX;
	out->has_name = !read_ip(address, &out->addr);
	is_known = component == COMPONENT && read_type(type, &out->type) &&
		   !out->has_name &&
		   (is_word(transport, "udp") ||
		    read_tcp(transport, text, &out->type));
	out->addr.port = (uint16_t)port;
	read_related(&out->base, text);
	return is_known ? 0 : ALTAIR_E_ADDRESS;
}

/* --- writing ------------------------------------------------------------- */

static void put(struct air_writer *w, const char *text)
{
	air_write_bytes(w, air_text(text));
}

static void put_number(struct air_writer *w, uint32_t value)
{
	uint8_t digits[10];
	size_t at = sizeof digits;

	do {
		digits[--at] = (uint8_t)('0' + value % 10);
		value /= 10;
	} while (value);
	air_write_bytes(w, (altair_bytes){digits + at, sizeof digits - at});
}

static void put_endpoint(struct air_writer *w, const altair_addr *addr,
			 const char *between)
{
	char text[ALTAIR_ADDR_TEXT];

	altair_addr_format_ip(addr, text, sizeof text);
	put(w, text);
	put(w, between);
	put_number(w, addr->port);
}

/* RFC 8839 5.1: what is not told is 0.0.0.0 or ::, port 9. */
static void put_related(struct air_writer *w, const struct air_candidate *c)
{
	altair_addr hidden = {.family = c->addr.family, .port = 9};

	put(w, " raddr ");
	put_endpoint(w, c->base.family == ALTAIR_NO_FAMILY ? &hidden : &c->base,
		     " rport ");
}

int air_candidate_format(const struct air_candidate *c, char *out, size_t cap)
{
	struct air_writer w = air_writer((uint8_t *)out, cap);

	put(&w, "candidate:");
	/* "~" is that of a candidate that only checks have shown. */
	put(&w, c->foundation[0] == '~' ? "prflx" : c->foundation);
	put(&w, c->type == CANDIDATE_TCP ? " 1 TCP " : " 1 UDP ");
	put_number(&w, c->priority);
	put(&w, " ");
	put_endpoint(&w, &c->addr, " ");
	put(&w, " typ ");
	put(&w, types[c->type].name);
	if (c->type == CANDIDATE_TCP)
		put(&w, c->addr.port == AIR_CANDIDATE_ACTIVE
				? " tcptype active"
				: " tcptype passive");
	else if (c->type != CANDIDATE_HOST)
		put_related(&w, c);
	air_write_u8(&w, '\0');
	return w.failed ? ALTAIR_E_SPACE : (int)w.len - 1;
}
