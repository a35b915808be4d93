#include "sim/server.h"

#include "sim/access.h"

#include <altair/turn.h>

#include <stdlib.h>
#include <string.h>

#define NAME "ann"
#define PASSWORD "a long password"
#define ALLOCATIONS_MAX 16

static altair_bytes text(const char *string)
{
	return (altair_bytes){(const uint8_t *)string, strlen(string)};
}

static altair_time now_of(const struct sim_server *server)
{
	return sim_world_now(sim_host_node(server->host)->world);
}

/* --- relay ports --------------------------------------------------------- */

static void bind(struct sim_server *server, uint32_t sock,
		 const altair_addr *addr)
{
	uint32_t fails = server->plan ? server->plan->bind_fails : 0;

	if (sim_rng_chance(&server->rng, fails)) {
		server->plan->failed(server->plan->user, addr);
		altair_server_opened(server->machine, now_of(server), sock,
				     ALTAIR_E_IN_USE);
		return;
	}
	sim_host_bind(server->host, sock, addr, server->port);
	server->socks[server->socks_count++] = sock;
	altair_server_opened(server->machine, now_of(server), sock, 0);
}

static void plan_wake(struct sim_server *server)
{
	altair_time next = ALTAIR_NEVER;

	for (size_t i = 0; i < server->binds_count; i++)
		if (server->binds[i].at < next)
			next = server->binds[i].at;
	sim_host_wake_at(server->host, next);
}

static void bind_later(struct sim_server *server, const altair_output *out)
{
	if (server->binds_count == SIM_HOST_SOCKETS_MAX)
		abort();
	server->binds[server->binds_count++] = (struct sim_server_bind){
		out->addr, out->number,
		now_of(server) + sim_rng_between(&server->rng, 0,
						 server->plan->bind_takes)};
	plan_wake(server);
}

static void wake(void *user)
{
	struct sim_server *server = user;
	size_t i = 0;

	while (i < server->binds_count) {
		struct sim_server_bind due = server->binds[i];

		if (due.at > now_of(server)) {
			i++;
			continue;
		}
		server->binds[i] = server->binds[--server->binds_count];
		bind(server, due.sock, &due.addr);
	}
	plan_wake(server);
	sim_host_poll(server->host);
}

static void unbind(struct sim_server *server, uint32_t sock)
{
	size_t i = 0;

	for (size_t k = 0; k < server->binds_count; k++)
		if (server->binds[k].sock == sock)
			server->binds[k] = server->binds[--server->binds_count];
	sim_host_unbind(server->host, sock);
	while (i < server->socks_count && server->socks[i] != sock)
		i++;
	if (i < server->socks_count)
		server->socks[i] = server->socks[--server->socks_count];
}

static void see_relay_port(struct sim_server *server, const altair_output *out)
{
	if (out->event == ALTAIR_EV_RELAY_CLOSE)
		unbind(server, out->number);
	else if (out->event == ALTAIR_EV_RELAY_OPEN && server->plan &&
		 server->plan->bind_takes > 0)
		bind_later(server, out);
	else if (out->event == ALTAIR_EV_RELAY_OPEN)
		bind(server, out->number, &out->addr);
}

/* --- over TCP ------------------------------------------------------------ */

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

/* A stream has the number of its place. */
static size_t find_stream(const struct sim_server *server,
			  const altair_addr *client)
{
	size_t i = 0;

	while (i < SIM_SERVER_STREAMS &&
	       !altair_addr_equal(&server->streams[i], client))
		i++;
	return i;
}

/* The stream is gone on our side; `is_told` when the machine said so itself. */
static void end_stream(struct sim_server *server, size_t place, bool is_told)
{
	altair_addr client = server->streams[place];

	server->streams[place] = (altair_addr){.family = ALTAIR_NO_FAMILY};
	if (server->plan && server->plan->shut)
		server->plan->shut(server->plan->user, &client);
	if (!is_told)
		altair_server_lost(server->machine,
				   ALTAIR_SERVER_STREAM + (uint32_t)place);
}

static void shut_stream(struct sim_server *server, const altair_addr *client)
{
	put(server, SIM_STREAM_SHUT, client, (altair_bytes){NULL, 0});
}

static void accept_stream(struct sim_server *server,
			  const struct sim_packet *packet)
{
	altair_addr none = {.family = ALTAIR_NO_FAMILY};
	size_t place = find_stream(server, &none);
	altair_path path = {.sock = ALTAIR_SERVER_STREAM + (uint32_t)place,
			    .local = packet->dst,
			    .remote = packet->src};

	if (place == SIM_SERVER_STREAMS ||
	    altair_server_accepted(server->machine, now_of(server), path.sock,
				   &path) != 0) {
		shut_stream(server, &packet->src);
		return;
	}
	server->streams[place] = packet->src;
	put(server, SIM_STREAM_OPENED, &packet->src, (altair_bytes){NULL, 0});
}

/* Bytes of a stream; what they were part of is not seen by the machine. */
static void read_stream(struct sim_server *server, size_t place,
			const struct sim_packet *packet, altair_bytes in)
{
	uint32_t sock = ALTAIR_SERVER_STREAM + (uint32_t)place;
	struct sim_packet message = *packet;
	altair_datagram datagram;
	int rc;

	while ((rc = altair_server_unframe(server->machine, sock, &in,
					   &datagram)) == 1) {
		message.payload = datagram.bytes;
		sim_host_take(server->host, &datagram, &message);
	}
	if (rc >= 0 || server->streams[place].family == ALTAIR_NO_FAMILY)
		return;
	end_stream(server, place, false);
	shut_stream(server, &packet->src);
}

static void see_stream(void *user, unsigned port,
		       const struct sim_packet *packet)
{
	struct sim_server *server = user;
	size_t place = find_stream(server, &packet->src);
	bool is_known = place < SIM_SERVER_STREAMS;
	size_t cut = packet->payload.len / 2;

	(void)port;
	if (packet->kind == SIM_STREAM_OPEN && !is_known) {
		accept_stream(server, packet);
	} else if (packet->kind == SIM_STREAM && is_known) {
		read_stream(server, place, packet,
			    (altair_bytes){packet->payload.data, cut});
		if (server->streams[place].family != ALTAIR_NO_FAMILY)
			read_stream(server, place, packet,
				    (altair_bytes){packet->payload.data + cut,
						   packet->payload.len - cut});
	} else if (packet->kind == SIM_STREAM_SHUT && is_known) {
		end_stream(server, place, false);
	} else if (packet->kind == SIM_STREAM) {
		shut_stream(server, &packet->src);
	}
	sim_host_poll(server->host);
}

static void send_stream(void *user, const altair_datagram *datagram)
{
	if (datagram->path.sock >= ALTAIR_SERVER_STREAM)
		put(user, SIM_STREAM, &datagram->path.remote, datagram->bytes);
}

/* The machine wants a stream closed. */
static void see_shut(struct sim_server *server, uint32_t sock)
{
	size_t place = sock - ALTAIR_SERVER_STREAM;

	if (server->streams[place].family == ALTAIR_NO_FAMILY)
		return;
	shut_stream(server, &server->streams[place]);
	end_stream(server, place, true);
}

static void see_event(void *user, const altair_output *out)
{
	struct sim_server *server = user;

	if (out->event == ALTAIR_EV_SHUT)
		see_shut(server, out->number);
	else
		see_relay_port(server, out);
}

const struct sim_app sim_server_app = {
	.event = see_event,
	.stream = see_stream,
	.send = send_stream,
	.wake = wake,
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
	config->connections_max = SIM_SERVER_STREAMS - 1;
	config->connections_prefix = SIM_SERVER_STREAMS;
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
		sim_host_remove(server->host, server->driven);
	else
		sim_rng_seed(&server->rng, seed, SIM_FOR_SECRETS, 3);
	while (server->socks_count > 0)
		sim_host_unbind(server->host,
				server->socks[--server->socks_count]);
	memset(server->streams, 0, sizeof server->streams);
	server->binds_count = 0;
	memcpy(server->addr, addr, sizeof server->addr);
	server->crypto = sim_digest_crypto(&server->rng);
	allow_documentation(allow);
	configure(server, &config, &user, allow, addr);
	if (server->plan)
		server->plan->configure(server->plan->user, &config);
	size = altair_server_size(&config);
	if (!server->memory)
		server->memory = sim_must(malloc(size));
	if (altair_server_init(&server->machine, server->memory, size, &config,
			       now_of(server)) != 0)
		abort();
	server->driven = altair_server_machine(server->machine);
	if (server->plan && server->plan->wrap)
		server->driven =
			server->plan->wrap(server->plan->user, server->driven);
	sim_host_add(server->host, server->driven);
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
