/*
 * Addresses as text and as kinds. Parsing is strict: what it accepts has one
 * reading only. Formatting follows RFC 5952, so that equal addresses have equal
 * text. The kinds come from one table, longest prefix first where they nest.
 */
#include "base/addr.h"

#include <altair/error.h>

#include <string.h>

#define GROUPS 8 /* of 16 bits in an IPv6 address */

size_t air_addr_ip_len(const altair_addr *addr)
{
	if (addr->family == ALTAIR_IPV4)
		return 4;
	return addr->family == ALTAIR_IPV6 ? 16 : 0;
}

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0,    0,
					  0, 0, 0, 0, 0xff, 0xff};

altair_addr air_addr_canonical(const altair_addr *addr)
{
	altair_addr v4 = {.port = addr->port, .family = ALTAIR_IPV4};

	if (addr->family != ALTAIR_IPV6 ||
	    memcmp(addr->ip, mapped_prefix, sizeof mapped_prefix) != 0)
		return *addr;
	memcpy(v4.ip, addr->ip + 12, 4);
	return v4;
}

bool altair_addr_same_ip(const altair_addr *a, const altair_addr *b)
{
	return a->family == b->family && a->scope == b->scope &&
	       memcmp(a->ip, b->ip, air_addr_ip_len(a)) == 0;
}

bool altair_addr_equal(const altair_addr *a, const altair_addr *b)
{
	return a->port == b->port && altair_addr_same_ip(a, b);
}

/* --- parsing ------------------------------------------------------------- */

/* Where the parser stands; every function moves it past what it took. */
struct text {
	const char *at;
};

static bool take(struct text *t, char c)
{
	if (*t->at != c)
		return false;
	t->at++;
	return true;
}

static int digit(char c, unsigned base)
{
	int v = -1;

	if (c >= '0' && c <= '9')
		v = c - '0';
	else if (c >= 'a' && c <= 'f')
		v = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		v = c - 'A' + 10;
	return v < (int)base ? v : -1;
}

/* A number of at most `digits` digits, no more than `max`; leading zeros only
 * in base 16. */
static bool number(struct text *t, unsigned base, unsigned digits, uint32_t max,
		   uint32_t *out)
{
	const char *start = t->at;
	uint64_t v = 0;

	while (digit(*t->at, base) >= 0) {
		if ((size_t)(t->at - start) == digits)
			return false;
		v = v * base + (uint32_t)digit(*t->at++, base);
	}
	if (t->at == start || v > max)
		return false;
	if (base == 10 && *start == '0' && t->at - start > 1)
		return false;
	*out = (uint32_t)v;
	return true;
}

static bool parse_v4(struct text *t, uint8_t ip[4])
{
	for (int i = 0; i < 4; i++) {
		uint32_t part;

		if (i > 0 && !take(t, '.'))
			return false;
		if (!number(t, 10, 3, 255, &part))
			return false;
		ip[i] = (uint8_t)part;
	}
	return true;
}

/* The groups of one side of "::" or of a whole address, into `groups`; the
 * count, or -1. An IPv4 tail counts as two. */
static int parse_groups(struct text *t, uint16_t groups[GROUPS], int room)
{
	int count = 0;

	while (digit(*t->at, 16) >= 0) {
		struct text start = *t;
		uint32_t group;

		if (count == room || !number(t, 16, 4, 0xffff, &group))
			return -1;
		if (*t->at == '.') {
			uint8_t tail[4];

			*t = start;
			if (count + 2 > room || !parse_v4(t, tail))
				return -1;
			groups[count++] = (uint16_t)(tail[0] << 8 | tail[1]);
			groups[count++] = (uint16_t)(tail[2] << 8 | tail[3]);
			return count;
		}
		groups[count++] = (uint16_t)group;
		if (t->at[0] != ':' || t->at[1] == ':')
			break;
		t->at++;
		if (digit(*t->at, 16) < 0)
			return -1; /* a colon with nothing behind it */
	}
	return count;
}

static bool parse_v6(struct text *t, uint8_t ip[16])
{
	uint16_t head[GROUPS], tail[GROUPS], all[GROUPS] = {0};
	int heads = parse_groups(t, head, GROUPS), tails = 0;

	if (heads < 0)
		return false;
	if (t->at[0] == ':' && t->at[1] == ':') {
		if (heads == GROUPS)
			return false;
		t->at += 2;
		tails = parse_groups(t, tail, GROUPS - 1 - heads);
		if (tails < 0)
			return false;
	} else if (heads != GROUPS) {
		return false;
	}
	for (int i = 0; i < heads; i++)
		all[i] = head[i];
	for (int i = 0; i < tails; i++)
		all[GROUPS - tails + i] = tail[i];
	for (int i = 0; i < GROUPS; i++) {
		ip[2 * i] = (uint8_t)(all[i] >> 8);
		ip[2 * i + 1] = (uint8_t)all[i];
	}
	return true;
}

/* An address with an optional numeric zone (RFC 4007 11.2). */
static bool parse_ip(struct text *t, bool is_v6, altair_addr *out)
{
	memset(out, 0, sizeof *out);
	out->family = is_v6 ? ALTAIR_IPV6 : ALTAIR_IPV4;
	if (!is_v6)
		return parse_v4(t, out->ip);
	if (!parse_v6(t, out->ip))
		return false;
	return !take(t, '%') || number(t, 10, 10, UINT32_MAX, &out->scope);
}

static bool has_colon(const char *text)
{
	while (*text && *text != ':')
		text++;
	return *text == ':';
}

int altair_addr_parse_ip(altair_addr *out, const char *text, uint16_t port)
{
	struct text t = {text};
	altair_addr addr;

	if (!parse_ip(&t, has_colon(text), &addr) || *t.at)
		return ALTAIR_E_SYNTAX;
	addr.port = port;
	*out = air_addr_canonical(&addr);
	return 0;
}

int altair_addr_parse(altair_addr *out, const char *text)
{
	struct text t = {text};
	bool is_v6 = take(&t, '[');
	altair_addr addr, bare;
	uint32_t port;

	if (!parse_ip(&t, is_v6, &addr) || (is_v6 && !take(&t, ']'))) {
		/* An IPv6 address without brackets lacks its port, too. */
		return altair_addr_parse_ip(&bare, text, 0) == 0
			       ? ALTAIR_E_NO_PORT
			       : ALTAIR_E_SYNTAX;
	}
	if (*t.at == '\0')
		return ALTAIR_E_NO_PORT;
	if (!take(&t, ':'))
		return ALTAIR_E_SYNTAX;
	if (*t.at == '\0')
		return ALTAIR_E_NO_PORT;
	if (!number(&t, 10, 5, 65535, &port) || *t.at || port == 0)
		return ALTAIR_E_PORT;
	addr.port = (uint16_t)port;
	*out = air_addr_canonical(&addr);
	return 0;
}

/* --- formatting ---------------------------------------------------------- */

/* Text under construction; what does not fit is only counted. */
struct sink {
	char *out;
	size_t cap, len;
};

static void put(struct sink *s, char c)
{
	if (s->len < s->cap)
		s->out[s->len] = c;
	s->len++;
}

static void put_number(struct sink *s, uint32_t v, unsigned base)
{
	char digits[10];
	int count = 0;

	do {
		digits[count++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (count > 0)
		put(s, digits[--count]);
}

static void put_v4(struct sink *s, const uint8_t ip[4])
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			put(s, '.');
		put_number(s, ip[i], 10);
	}
}

static uint32_t group_at(const uint8_t ip[16], int i)
{
	return (uint32_t)(ip[2 * i] << 8 | ip[2 * i + 1]);
}

/* The longest run of at least two zero groups, the first of equals: what "::"
 * stands for (RFC 5952 4.2). The start; its length in *run. */
static int longest_zero_run(const uint8_t ip[16], int *run)
{
	int best = GROUPS;

	*run = 1;
	for (int i = 0; i < GROUPS; i++) {
		int end = i;

		while (end < GROUPS && group_at(ip, end) == 0)
			end++;
		if (end - i > *run) {
			*run = end - i;
			best = i;
		}
	}
	return best;
}

static void put_v6(struct sink *s, const altair_addr *addr)
{
	int run, gap = longest_zero_run(addr->ip, &run);

	for (int i = 0; i < GROUPS;) {
		if (i == gap) {
			put(s, ':');
			put(s, ':');
			i += run;
			continue;
		}
		if (i > 0 && i != gap + run)
			put(s, ':');
		put_number(s, group_at(addr->ip, i++), 16);
	}
	if (addr->scope) {
		put(s, '%');
		put_number(s, addr->scope, 10);
	}
}

static void put_ip(struct sink *s, const altair_addr *addr)
{
	if (addr->family == ALTAIR_IPV4)
		put_v4(s, addr->ip);
	else if (addr->family == ALTAIR_IPV6)
		put_v6(s, addr);
	else
		put(s, '-');
}

static int finish(struct sink *s)
{
	if (s->len >= s->cap)
		return ALTAIR_E_SPACE;
	s->out[s->len] = '\0';
	return (int)s->len;
}

int altair_addr_format_ip(const altair_addr *addr, char *out, size_t cap)
{
	struct sink s = {out, cap, 0};

	put_ip(&s, addr);
	return finish(&s);
}

int altair_addr_format(const altair_addr *addr, char *out, size_t cap)
{
	struct sink s = {out, cap, 0};
	bool brackets = addr->family == ALTAIR_IPV6;

	if (brackets)
		put(&s, '[');
	put_ip(&s, addr);
	if (brackets)
		put(&s, ']');
	put(&s, ':');
	put_number(&s, addr->port, 10);
	return finish(&s);
}

/* --- kinds --------------------------------------------------------------- */

struct prefix {
	uint8_t family, bits;
	uint8_t ip[16];
	enum altair_addr_class class;
};

/* RFC 6890 and the IANA special-purpose registries. 192.0.2/24, 198.51.100/24,
 * 203.0.113/24 (RFC 5737) and 2001:db8::/32, 3fff::/20 (RFC 3849, RFC 9637) are
 * left out: labs use them as if they were global. */
static const struct prefix prefixes[] = {
	{4, 32, {0}, ALTAIR_ADDR_NONE},
	{4, 8, {0}, ALTAIR_ADDR_RESERVED},
	{4, 8, {10}, ALTAIR_ADDR_PRIVATE},
	{4, 10, {100, 64}, ALTAIR_ADDR_SHARED},
	{4, 8, {127}, ALTAIR_ADDR_LOOPBACK},
	{4, 16, {169, 254}, ALTAIR_ADDR_LINK_LOCAL},
	{4, 12, {172, 16}, ALTAIR_ADDR_PRIVATE},
	{4, 24, {192, 0, 0}, ALTAIR_ADDR_RESERVED},
	{4, 16, {192, 168}, ALTAIR_ADDR_PRIVATE},
	{4, 15, {198, 18}, ALTAIR_ADDR_RESERVED},
	{4, 4, {224}, ALTAIR_ADDR_MULTICAST},
	{4, 32, {255, 255, 255, 255}, ALTAIR_ADDR_BROADCAST},
	{4, 4, {240}, ALTAIR_ADDR_RESERVED},
	{6, 128, {0}, ALTAIR_ADDR_NONE},
	{6, 128, {[15] = 1}, ALTAIR_ADDR_LOOPBACK},
	{6, 64, {0x01}, ALTAIR_ADDR_RESERVED},
	{6, 32, {0x20, 0x01, 0x0d, 0xb8}, ALTAIR_ADDR_GLOBAL},
	{6, 23, {0x20, 0x01}, ALTAIR_ADDR_RESERVED},
	{6, 20, {0x3f, 0xff}, ALTAIR_ADDR_GLOBAL},
	{6, 3, {0x20}, ALTAIR_ADDR_GLOBAL},
	{6, 96, {0x00, 0x64, 0xff, 0x9b}, ALTAIR_ADDR_GLOBAL},
	{6, 7, {0xfc}, ALTAIR_ADDR_PRIVATE},
	{6, 10, {0xfe, 0x80}, ALTAIR_ADDR_LINK_LOCAL},
	{6, 8, {0xff}, ALTAIR_ADDR_MULTICAST},
	{6, 0, {0}, ALTAIR_ADDR_RESERVED},
	{4, 0, {0}, ALTAIR_ADDR_GLOBAL},
};

static bool matches(const struct prefix *p, const altair_addr *addr)
{
	size_t whole = p->bits / 8;
	unsigned rest = p->bits % 8;

	if (p->family != addr->family || memcmp(p->ip, addr->ip, whole) != 0)
		return false;
	return rest == 0 || (p->ip[whole] ^ addr->ip[whole]) >> (8 - rest) == 0;
}

enum altair_addr_class altair_addr_classify(const altair_addr *addr)
{
	altair_addr canonical = air_addr_canonical(addr);

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		if (matches(&prefixes[i], &canonical))
			return prefixes[i].class;
	}
	return ALTAIR_ADDR_NONE;
}

bool air_addr_is_endpoint(const altair_addr *addr)
{
	enum altair_addr_class class = altair_addr_classify(addr);

	return addr->port != 0 && class != ALTAIR_ADDR_NONE &&
	       class != ALTAIR_ADDR_MULTICAST && class != ALTAIR_ADDR_BROADCAST;
}
