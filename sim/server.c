#include "sim/server.h"

#include "sim/access.h"

#include <altair/turn.h>

#include <stdlib.h>
#include <string.h>

#define NAME "ann"
#define PASSWORD "a long password"
#define ALLOCATIONS_MAX 16
#define STREAM_SOCK 1000u /* behind those that the region binds */
#define MESSAGE_MAX 1600

static altair_bytes text(const char *string)
{
	return (altair_bytes){(const uint8_t *)string, strlen(string)};
}

static void see_event(void *user, const altair_output *out)
{
	struct sim_server *server = user;
	altair_time now = sim_world_now(sim_host_node(server->host)->world);

	if (out->event == ALTAIR_EV_RELAY_OPEN) {
		sim_host_bind(server->host, out->number, &out->addr,
			      server->port);
		server->socks[server->socks_count++] = out->number;
		altair_server_opened(server->machine, now, out->number, 0);
	} else if (out->event == ALTAIR_EV_RELAY_CLOSE) {
		size_t i = 0;

		sim_host_unbind(server->host, out->number);
		while (i < server->socks_count &&
		       server->socks[i] != out->number)
			i++;
		if (i < server->socks_count)
			server->socks[i] = server->socks[--server->socks_count];
	}
}

/* --- over TCP: the same machine, for which a client is an address -------- */

static void put(struct sim_server *server, enum sim_packet_kind kind,
		const altair_addr *client, altair_bytes payload)
{
	const altair_addr *addr = &server->addr[client->family == ALTAIR_IPV6];

	sim_world_send(sim_host_node(server->host), server->port,
		       &(struct sim_packet){.kind = (uint8_t)kind,
					    .src = *addr,
					    .dst = *client,
					    .payload = payload});
}

static size_t find_stream(const struct sim_server *server,
			  const altair_addr *client)
{
	size_t i = 0;

	while (i < server->streams_count &&
	       !altair_addr_equal(&server->streams[i], client))
		i++;
	return i;
}

static void see_stream(void *user, unsigned port,
		       const struct sim_packet *packet)
{
	struct sim_server *server = user;
	size_t place = find_stream(server, &packet->src);
	bool is_known = place < server->streams_count;

	(void)port;
	if (packet->kind == SIM_STREAM_OPEN &&
	    server->streams_count < SIM_SERVER_STREAMS_MAX) {
		server->streams[server->streams_count++] = packet->src;
		put(server, SIM_STREAM_OPENED, &packet->src,
		    (altair_bytes){NULL, 0});
	} else if (packet->kind == SIM_STREAM && is_known) {
		altair_datagram datagram = {
			.path.sock = STREAM_SOCK,
			.path.local = packet->dst,
			.path.remote = packet->src,
			.bytes = packet->payload,
		};

		sim_host_take(server->host, &datagram, packet);
	} else if (packet->kind == SIM_STREAM_SHUT && is_known) {
		server->streams[place] =
			server->streams[--server->streams_count];
	} else if (packet->kind == SIM_STREAM) {
		put(server, SIM_STREAM_SHUT, &packet->src,
		    (altair_bytes){NULL, 0});
	}
}

/* RFC 8656 12.5: over a stream ChannelData is padded to four bytes. */
static void send_stream(void *user, const altair_datagram *datagram)
{
	uint8_t padded[MESSAGE_MAX] = {0};
	size_t len = datagram->bytes.len;

	if (datagram->path.sock != STREAM_SOCK || len > MESSAGE_MAX - 4)
		return;
	memcpy(padded, datagram->bytes.data, len);
	put(user, SIM_STREAM, &datagram->path.remote,
	    (altair_bytes){padded, (len + 3) / 4 * 4});
}

const struct sim_app sim_server_app = {
	.event = see_event,
	.stream = see_stream,
	.send = send_stream,
};

/* The internet of the simulator is made of documentation ranges, which no peer
 * may have in the real one. */
static void allow_documentation(altair_server_prefix prefixes[4])
{
	static const char *const ips[] = {"192.0.2.0", "198.51.100.0",
					  "203.0.113.0", "2001:db8::"};

	for (size_t i = 0; i < 4; i++)
		prefixes[i] = (altair_server_prefix){sim_addr(ips[i], 0),
						     i < 3 ? 24 : 32};
}

static void configure(struct sim_server *server, altair_server_config *config,
		      altair_server_user *user,
		      const altair_server_prefix *allow,
		      const altair_addr addr[2])
{
	altair_server_config_default(config);
	config->allow = allow;
	config->allow_count = 4;
	config->buffer_len = 16384;
	config->allocations_max = ALLOCATIONS_MAX;
	config->quota_user = ALLOCATIONS_MAX;
	config->quota_prefix = ALLOCATIONS_MAX;
	config->crypto = &server->crypto;
	config->relay_ipv4 = addr[0];
	config->relay_ipv6 = addr[1];
	config->users = user;
	config->user_count = 1;
	altair_server_make_user(user, &server->crypto, text(NAME),
				config->realm, text(PASSWORD));
}

void sim_server_start(struct sim_server *server, uint64_t seed,
		      const altair_addr addr[2])
{
	altair_server_config config;
	altair_server_user user;
	altair_server_prefix allow[4];
	size_t size;

	if (server->machine)
		sim_host_remove(server->host,
				altair_server_machine(server->machine));
	else
		sim_rng_seed(&server->rng, seed, SIM_FOR_SECRETS, 3);
	while (server->socks_count > 0)
		sim_host_unbind(server->host,
				server->socks[--server->socks_count]);
	server->streams_count = 0;
	memcpy(server->addr, addr, sizeof server->addr);
	server->crypto = sim_digest_crypto(&server->rng);
	allow_documentation(allow);
	configure(server, &config, &user, allow, addr);
	size = altair_server_size(&config);
	if (!server->memory)
		server->memory = sim_must(malloc(size));
	if (altair_server_init(
		    &server->machine, server->memory, size, &config,
		    sim_world_now(sim_host_node(server->host)->world)) != 0)
		abort();
	sim_host_add(server->host, altair_server_machine(server->machine));
}

void sim_server_drop(struct sim_server *server)
{
	free(server->memory);
}

altair_agent_relay sim_server_relay(const altair_addr *addr)
{
	return (altair_agent_relay){
		.size = sizeof(altair_agent_relay),
		.server = *addr,
		.name = text(NAME),
		.password = text(PASSWORD),
		.families = ALTAIR_TURN_IPV4,
	};
}
