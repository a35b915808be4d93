/*
 * Everything about the relay that a person may say, and what it is when they say
 * nothing: on, for one user with a random password, from the address that our
 * host has towards the internet.
 */
#define _GNU_SOURCE
#include "relay.h"

#include "limits.h"
#include "listeners.h"
#include "own.h"
#include "print.h"
#include "sockaddr.h"

#include <altair/error.h>
#include <altair/openssl.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#define GENERATED_NAME "altair"

/* Addresses that everybody can reach: no packet goes there, we only ask the
 * system which of ours would be used. */
static const char *const far_away[] = {"192.0.2.1", "2001:db8::1"};

static altair_bytes bytes(const char *text, size_t len)
{
	return (altair_bytes){(const uint8_t *)text, len};
}

/* --- users ---------------------------------------------------------------- */

/* 64 signs that need no quoting anywhere. */
static bool make_password(char out[RELAY_PASSWORD_LEN + 1])
{
	static const char signs[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	const altair_crypto *crypto = altair_openssl();
	uint8_t raw[RELAY_PASSWORD_LEN];

	if (crypto->random(crypto->user, raw, sizeof raw) != 0)
		return false;
	for (size_t i = 0; i < sizeof raw; i++)
		out[i] = signs[raw[i] & 63];
	out[sizeof raw] = '\0';
	return true;
}

static void add_user(struct relay *relay, altair_bytes name,
		     altair_bytes password)
{
	altair_server_make_user(&relay->users[relay->config.user_count++],
				relay->config.crypto, name, relay->config.realm,
				password);
}

static int read_users(const struct command *self, struct relay *relay,
		      const struct option_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *text = list->item[i];
		const char *colon = strchr(text, ':');

		if (!colon || colon == text || colon[1] == '\0' ||
		    colon - text > 508)
			return air_options_refuse(self, "user", text,
						  "wants NAME:PASSWORD");
		add_user(relay, bytes(text, (size_t)(colon - text)),
			 bytes(colon + 1, strlen(colon + 1)));
	}
	return -1;
}

/* Those in the file; of a name that both have the option counts. */
static int read_roll(struct relay *relay, const char *path)
{
	int code = path ? air_roll_open(&relay->roll, path) : -1;

	for (size_t i = 0; i < relay->roll.count && code < 0; i++) {
		const struct roll_line *line = &relay->roll.lines[i];

		if (line->realm.len != relay->config.realm.len ||
		    memcmp(line->realm.data, relay->config.realm.data,
			   line->realm.len) != 0)
			code = air_print_failure(
				EXIT_USAGE,
				"%s:%u: this user is of another realm, '%.*s'",
				path, line->number, (int)line->realm.len,
				(const char *)line->realm.data);
	}
	relay->users = calloc(relay->roll.count + OPTION_LIST_MAX + 1,
			      sizeof *relay->users);
	if (code < 0 && !relay->users)
		code = air_print_failure(EXIT_INTERNAL, "out of memory");
	relay->config.users = relay->users;
	return code;
}

/* Who may relay: those of the options, those in the file, or one of ours. */
static int read_all_users(const struct command *self, struct relay *relay,
			  const struct relay_options *given)
{
	int code = read_roll(relay, given->users_file);

	if (code < 0)
		code = read_users(self, relay, &given->users);
	for (size_t i = 0; i < relay->roll.count && code < 0; i++)
		relay->users[relay->config.user_count++] =
			relay->roll.lines[i].user;
	if (code >= 0 || given->users.count > 0 || given->users_file ||
	    relay->config.rest_secret_count > 0)
		return code;
	if (!make_password(relay->password))
		return air_print_failure(EXIT_INTERNAL,
					 "the random source failed");
	relay->is_generated = true;
	add_user(relay, bytes(GENERATED_NAME, strlen(GENERATED_NAME)),
		 bytes(relay->password, strlen(relay->password)));
	return -1;
}

/* There is always a secret: clients of the rendezvous get credentials of it. */
static int draw_secret(struct relay *relay)
{
	altair_server_config *c = &relay->config;

	if (c->rest_secret_count > 0)
		return -1;
	if (!make_password(relay->secret))
		return air_print_failure(EXIT_INTERNAL,
					 "the random source failed");
	relay->is_drawn = true;
	relay->secrets[0] = bytes(relay->secret, strlen(relay->secret));
	c->rest_secrets = relay->secrets;
	c->rest_secret_count = 1;
	c->unix_time = (uint64_t)time(NULL);
	return -1;
}

/* Without the blanks at its end, which an editor leaves and nobody sees. */
static altair_bytes trim(const char *text, size_t len)
{
	while (len > 0 && memchr(" \t\r", text[len - 1], 3))
		len--;
	return bytes(text, len);
}

/* Takes the lines of the file that are not empty. */
static bool take_secrets(struct relay *relay, size_t len)
{
	altair_server_config *c = &relay->config;
	size_t start = 0;

	for (size_t i = 0; i <= len; i++) {
		altair_bytes line;

		if (i < len && relay->secret_file[i] != '\n')
			continue;
		line = trim(relay->secret_file + start, i - start);
		start = i + 1;
		if (line.len == 0)
			continue;
		if (c->rest_secret_count == RELAY_SECRETS_MAX)
			return false;
		relay->secrets[c->rest_secret_count++] = line;
	}
	c->rest_secrets = relay->secrets;
	c->unix_time = (uint64_t)time(NULL);
	return c->rest_secret_count > 0;
}

static int read_secrets(const struct command *self, struct relay *relay,
			const char *path)
{
	FILE *file;
	size_t len;
	bool is_whole;

	if (!path)
		return -1;
	file = fopen(path, "re");
	if (!file)
		return air_options_refuse(
			self, "rest-secret-file", path,
			"wants a file that can be read, not '%s': %s", path,
			strerror(errno));
	len = fread(relay->secret_file, 1, sizeof relay->secret_file, file);
	is_whole = !ferror(file) && len < sizeof relay->secret_file;
	fclose(file);
	if (is_whole && take_secrets(relay, len))
		return -1;
	return air_options_refuse(
		self, "rest-secret-file", path,
		"wants a file with 1 to %d secrets, one a line, not '%s'",
		RELAY_SECRETS_MAX, path);
}

/* --- addresses ------------------------------------------------------------ */

/* "10.0.0.0/8", or one address. */
static bool parse_prefix(altair_server_prefix *out, const char *text)
{
	char ip[ALTAIR_ADDR_TEXT];
	size_t len = strcspn(text, "/");
	unsigned full;
	char *end;

	if (len >= sizeof ip)
		return false;
	memcpy(ip, text, len);
	ip[len] = '\0';
	if (altair_addr_parse_ip(&out->ip, ip, 0) != 0)
		return false;
	full = out->ip.family == ALTAIR_IPV6 ? 128 : 32;
	out->bits = full;
	if (text[len] == '\0')
		return true;
	if (text[len + 1] < '0' || text[len + 1] > '9')
		return false;
	out->bits = (unsigned)strtoul(text + len + 1, &end, 10);
	return *end == '\0' && end - text - (long)len <= 4 && out->bits <= full;
}

static int read_allow(const struct command *self, struct relay *relay,
		      const struct option_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!parse_prefix(&relay->allow[i], list->item[i]))
			return air_options_refuse(
				self, "relay-allow", list->item[i],
				"wants a prefix such as 10.0.0.0/8, not '%s'",
				list->item[i]);
	relay->config.allow = relay->allow;
	relay->config.allow_count = list->count;
	return -1;
}

/* Reads one address of each family. */
static int read_ips(const struct command *self, const char *option,
		    const struct option_list *list, altair_addr *v4,
		    altair_addr *v6)
{
	for (size_t i = 0; i < list->count; i++) {
		altair_addr addr, *to;
		enum altair_addr_class class;
		int rc = altair_addr_parse_ip(&addr, list->item[i], 0);

		class = rc == 0 ? altair_addr_classify(&addr)
				: ALTAIR_ADDR_NONE;
		to = addr.family == ALTAIR_IPV6 ? v6 : v4;
		if (class == ALTAIR_ADDR_NONE ||
		    class == ALTAIR_ADDR_MULTICAST ||
		    class == ALTAIR_ADDR_BROADCAST)
			return air_options_refuse(
				self, option, list->item[i],
				"wants an IP address, not '%s'", list->item[i]);
		if (to->family != ALTAIR_NO_FAMILY)
			return air_options_refuse(self, option, list->item[i],
						  "wants one address a family");
		*to = addr;
	}
	return -1;
}

/* Our addresses, none of which is a peer. Without them the relay would be open
 * towards its own host. */
static int find_own(struct relay *relay)
{
	if (!air_own_find(&relay->own, &relay->config.own_count))
		return air_print_failure(
			EXIT_LOCAL_NETWORK,
			"cannot learn the addresses of this host: %s",
			strerror(errno));
	relay->config.own = relay->own;
	return -1;
}

/* The address that others reach us at, most likely. */
static altair_addr find_way_out(const struct relay *relay, uint8_t family)
{
	altair_addr none = {.family = ALTAIR_NO_FAMILY}, far, addr;

	altair_addr_parse_ip(&far, far_away[family == ALTAIR_IPV6], 9);
	if (air_sockaddr_route(&addr, &far, 0) &&
	    altair_addr_classify(&addr) != ALTAIR_ADDR_LINK_LOCAL)
		return addr;
	for (size_t i = 0; i < relay->config.own_count; i++) {
		enum altair_addr_class class =
			altair_addr_classify(&relay->own[i]);

		if (relay->own[i].family == family &&
		    class != ALTAIR_ADDR_LOOPBACK &&
		    class != ALTAIR_ADDR_LINK_LOCAL)
			return relay->own[i];
	}
	return none;
}

/* The relayed address of the listener's family, unless there is one. */
static void choose_ip(struct relay *relay, const altair_addr *listen)
{
	altair_addr *to = listen->family == ALTAIR_IPV6
				  ? &relay->config.relay_ipv6
				  : &relay->config.relay_ipv4;

	if (to->family != ALTAIR_NO_FAMILY)
		return;
	*to = *listen;
	to->port = 0;
	if (altair_addr_classify(listen) == ALTAIR_ADDR_NONE)
		*to = find_way_out(relay, listen->family);
}

/* --- the rest ------------------------------------------------------------- */

static int read_ports(const struct command *self, struct relay *relay,
		      const char *text)
{
	unsigned long first, last;
	char *end;

	if (!text)
		return -1;
	first = strtoul(text, &end, 10);
	last = *end == '-' && end[1] >= '0' && end[1] <= '9'
		       ? strtoul(end + 1, &end, 10)
		       : 0;
	if (*text < '0' || *text > '9' || *end != '\0' || first < 1024 ||
	    first > last || last > UINT16_MAX)
		return air_options_refuse(
			self, "relay-ports", text,
			"wants a range within 1024-65535, such as 49152-65535, "
			"not '%s'",
			text);
	relay->config.port_min = (uint16_t)first;
	relay->config.port_max = (uint16_t)last;
	return -1;
}

/* A range that was chosen leaves the listeners' ports out. */
static int check_ports(const struct command *self, const struct relay *relay,
		       const char *text, const altair_addr *listen)
{
	const altair_server_config *c = &relay->config;
	const altair_addr *ip =
		listen->family == ALTAIR_IPV6 ? &c->relay_ipv6 : &c->relay_ipv4;
	altair_addr at = *ip;

	at.port = listen->port;
	if (!text || listen->port < c->port_min || listen->port > c->port_max ||
	    !air_listeners_clash(listen, &at))
		return -1;
	return air_options_refuse(
		self, "relay-ports", text,
		"wants a range without port %u, on which we listen, not '%s'",
		(unsigned)listen->port, text);
}

static int read_realm(const struct command *self, struct relay *relay,
		      const char *text)
{
	if (!text)
		return -1;
	if (strlen(text) < 1 || strlen(text) > 127)
		return air_options_refuse(self, "realm", text,
					  "wants a name of 1 to 127 bytes");
	relay->config.realm = bytes(text, strlen(text));
	return -1;
}

int air_relay_read(const struct command *self, struct relay *relay,
		   const struct relay_options *given, const altair_addr *listen,
		   size_t listens)
{
	altair_server_config *c = &relay->config;
	int code;

	altair_server_config_default(c);
	c->crypto = altair_openssl();
	code = air_limits_read(self, c, given);
	if (code < 0)
		code = read_realm(self, relay, given->realm);
	if (code < 0)
		code = read_secrets(self, relay, given->rest_secret_file);
	if (code < 0)
		code = read_all_users(self, relay, given);
	if (code < 0)
		code = draw_secret(relay);
	if (code < 0)
		code = read_allow(self, relay, &given->allow);
	if (code < 0)
		code = read_ports(self, relay, given->ports);
	if (code < 0)
		code = read_ips(self, "relay-ip", &given->relay_ips,
				&c->relay_ipv4, &c->relay_ipv6);
	if (code < 0)
		code = read_ips(self, "external-ip", &given->external_ips,
				&c->external_ipv4, &c->external_ipv6);
	if (code < 0)
		code = find_own(relay);
	if (code >= 0)
		return code;
	for (size_t i = 0; i < listens; i++)
		choose_ip(relay, &listen[i]);
	if ((c->external_ipv4.family && !c->relay_ipv4.family) ||
	    (c->external_ipv6.family && !c->relay_ipv6.family))
		return air_options_complain(
			self, "--external-ip wants a --relay-ip of its family");
	for (size_t i = 0; i < listens; i++) {
		code = check_ports(self, relay, given->ports, &listen[i]);
		if (code >= 0)
			return code;
	}
	if (!c->relay_ipv4.family && !c->relay_ipv6.family)
		c->allocations_max = 0;
	return -1;
}

/* True when this host sends from there. */
static bool is_here(const altair_addr *addr)
{
	struct sockaddr_storage name;
	socklen_t len = air_sockaddr_write(&name, addr);
	int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_bound = fd >= 0 && bind(fd, (struct sockaddr *)&name, len) == 0;

	if (fd >= 0)
		close(fd);
	return is_bound;
}

int air_relay_check_ips(const struct command *self,
			const struct relay_options *given)
{
	const struct option_list *list = &given->relay_ips;
	altair_addr addr;

	for (size_t i = 0; i < list->count; i++)
		if (altair_addr_parse_ip(&addr, list->item[i], 0) == 0 &&
		    !is_here(&addr))
			return air_options_refuse(
				self, "relay-ip", list->item[i],
				"wants an address of this host, not '%s'; what "
				"others see instead goes to external-ip",
				list->item[i]);
	return -1;
}

void air_relay_free(struct relay *relay)
{
	air_roll_close(&relay->roll);
	free(relay->users);
	free(relay->own);
	relay->own = NULL;
	relay->users = NULL;
}

void air_relay_keep(struct relay *relay, const struct relay *before)
{
	if (relay->is_drawn && before->is_drawn)
		memcpy(relay->secret, before->secret, sizeof relay->secret);
	if (!relay->is_generated || !before->is_generated)
		return;
	memcpy(relay->password, before->password, sizeof relay->password);
	relay->users[0] = before->users[0];
}

bool air_relay_has_moved(struct relay *relay)
{
	altair_server_config *c = &relay->config;
	altair_addr *now;
	size_t count;
	bool is_same;

	if (!air_own_find(&now, &count)) {
		air_print_note("cannot learn the addresses of this host: %s",
			       strerror(errno));
		return false;
	}
	is_same = count == c->own_count;
	for (size_t i = 0; is_same && i < count; i++)
		is_same = altair_addr_equal(&now[i], &relay->own[i]);
	free(relay->own);
	c->own = relay->own = now;
	c->own_count = count;
	c->unix_time = (uint64_t)time(NULL);
	return !is_same;
}

static void say_address(const struct relay *relay, const altair_addr *bound,
			const altair_addr *external)
{
	const altair_addr *told = external->family ? external : bound;
	char text[ALTAIR_ADDR_TEXT];

	if (bound->family == ALTAIR_NO_FAMILY)
		return;
	altair_addr_format_ip(told, text, sizeof text);
	air_print("relaying from %s, UDP ports %u to %u\n", text,
		  (unsigned)relay->config.port_min,
		  (unsigned)relay->config.port_max);
}

void air_relay_say(const struct relay *relay, const char *server)
{
	const altair_server_config *c = &relay->config;

	say_address(relay, &c->relay_ipv4, &c->external_ipv4);
	say_address(relay, &c->relay_ipv6, &c->external_ipv6);
	if (relay->is_generated)
		air_print("relay:    turn:%s:%s@%s\n", GENERATED_NAME,
			  relay->password, server);
}
