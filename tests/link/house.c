#define _GNU_SOURCE
#include "house.h"

#include <altair/json.h>
#include <altair/openssl.h>
#include <altair/rendezvous.h>
#include <altair/udp.h>

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS 16
#define CLOSING_TURNS 32

struct client {
	struct house *house;
	struct lws *wsi; /* NULL: free */
	bool has_notes, has_lie, is_closing;
	size_t len;
	uint8_t in[ALTAIR_NOTE_MAX];
};

struct house {
	uv_loop_t *loop;
	uv_timer_t timer;
	struct lws_context *context;
	struct lws_protocols protocols[2];
	SSL_CTX *unused; /* the library would make one, and lose it */
	altair_rendezvous *machine;
	void *memory;
	struct client clients[CLIENTS];
	bool (*meddle)(void *user, altair_note *note);
	void *user;
	const char *stun;
	altair_note lie;
	uint8_t out[LWS_PRE + ALTAIR_NOTE_MAX];
	uint8_t scratch[ALTAIR_NOTE_MAX];
};

static void drain(struct house *h);

static void ring(uv_timer_t *timer)
{
	struct house *h = timer->data;

	altair_rendezvous_tick(h->machine, altair_clock_now());
	drain(h);
}

static void drain(struct house *h)
{
	altair_rendezvous_output out;
	enum altair_rendezvous_step step;
	altair_time now;

	while ((step = altair_rendezvous_poll(h->machine, &out)) !=
	       ALTAIR_RENDEZVOUS_WAIT) {
		struct client *client = &h->clients[out.client];

		if (step == ALTAIR_RENDEZVOUS_NOTES)
			client->has_notes = true;
		if (step == ALTAIR_RENDEZVOUS_CLOSE)
			client->is_closing = true;
		if (client->wsi)
			lws_callback_on_writable(client->wsi);
	}
	now = altair_clock_now();
	if (out.deadline != ALTAIR_NEVER)
		uv_timer_start(&h->timer, ring,
			       out.deadline > now
				       ? (out.deadline - now) / 1000000 + 1
				       : 0,
			       0);
}

static int join(struct house *h, struct lws *wsi, struct client **slot)
{
	altair_addr remote;
	uint32_t i = 0;

	altair_addr_parse(&remote, "127.0.0.1:1");
	while (i < CLIENTS && h->clients[i].wsi)
		i++;
	if (i == CLIENTS)
		return -1;
	*slot = &h->clients[i];
	**slot = (struct client){.house = h, .wsi = wsi};
	if (altair_rendezvous_joined(h->machine, altair_clock_now(), i,
				     &remote) != 0) {
		(*slot)->wsi = NULL;
		*slot = NULL;
		return -1;
	}
	drain(h);
	return 0;
}

static void leave(struct client *client)
{
	struct house *h = client->house;

	client->wsi = NULL;
	altair_rendezvous_left(h->machine, altair_clock_now(),
			       (uint32_t)(client - h->clients));
	drain(h);
}

static void take(struct client *client)
{
	struct house *h = client->house;
	uint32_t number = (uint32_t)(client - h->clients);
	altair_note note;

	if (altair_note_parse(&note, (altair_bytes){client->in, client->len},
			      h->scratch, sizeof h->scratch) != 0)
		altair_rendezvous_garbled(h->machine, altair_clock_now(),
					  number);
	else if ((!h->meddle || !h->meddle(h->user, &note)) &&
		 altair_rendezvous_may_speak(h->machine, altair_clock_now(),
					     number))
		altair_rendezvous_take(h->machine, altair_clock_now(), number,
				       &note);
	client->len = 0;
	drain(h);
}

static int say_lie(struct client *client)
{
	struct house *h = client->house;
	int len = altair_note_format(&h->lie, (char *)h->out + LWS_PRE,
				     ALTAIR_NOTE_MAX);

	client->has_lie = false;
	return len < 0 || lws_write(client->wsi, h->out + LWS_PRE, (size_t)len,
				    LWS_WRITE_TEXT) < 0
		       ? -1
		       : 0;
}

static int say(struct client *client)
{
	struct house *h = client->house;
	altair_note note;
	int len;

	if (client->has_notes &&
	    altair_rendezvous_next(h->machine, (uint32_t)(client - h->clients),
				   &note)) {
		if (note.type == ALTAIR_NOTE_WELCOME && h->stun) {
			note.stun[0] = (altair_bytes){(const uint8_t *)h->stun,
						      strlen(h->stun)};
			note.stun_count = 1;
		}
		len = altair_note_format(&note, (char *)h->out + LWS_PRE,
					 ALTAIR_NOTE_MAX);
		if (len < 0 || lws_write(client->wsi, h->out + LWS_PRE,
					 (size_t)len, LWS_WRITE_TEXT) < 0)
			return -1;
		lws_callback_on_writable(client->wsi);
		return 0;
	}
	client->has_notes = false;
	if (client->has_lie)
		return say_lie(client);
	return client->is_closing ? -1 : 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason,
		    void *user, void *in, size_t len)
{
	struct client **slot = user;

	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
		return join(lws_context_user(lws_get_context(wsi)), wsi, slot);
	case LWS_CALLBACK_RECEIVE:
		if (len > sizeof(*slot)->in - (*slot)->len)
			return -1;
		memcpy((*slot)->in + (*slot)->len, in, len);
		(*slot)->len += len;
		if (lws_remaining_packet_payload(wsi) == 0 &&
		    lws_is_final_fragment(wsi))
			take(*slot);
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return say(*slot);
	case LWS_CALLBACK_CLOSED:
		if (*slot)
			leave(*slot);
		return 0;
	default:
		return 0;
	}
}

static bool verify(void *user, altair_bytes spki, altair_bytes message,
		   altair_bytes signature)
{
	(void)user;
	return altair_openssl_key_verify(spki, message, signature);
}

static bool make_machine(struct house *h)
{
	altair_rendezvous_config config;
	size_t size;

	altair_rendezvous_config_default(&config);
	config.crypto = altair_openssl();
	config.verify = verify;
	config.clients_max = CLIENTS;
	config.mailboxes_max = 64;
	config.pool_len = 1 << 20;
	size = altair_rendezvous_size(&config);
	h->memory = malloc(size);
	return h->memory &&
	       altair_rendezvous_init(&h->machine, h->memory, size, &config,
				      altair_clock_now()) == 0;
}

struct house *house_open(uv_loop_t *loop, uint16_t port, const char *cert,
			 const char *key)
{
	struct house *h = calloc(1, sizeof *h);
	void *loops[] = {loop};
	struct lws_context_creation_info info = {
		.port = port,
		.iface = "127.0.0.1",
		.options = LWS_SERVER_OPTION_LIBUV |
			   (cert ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0),
		.foreign_loops = loops,
		.ssl_cert_filepath = cert,
		.ssl_private_key_filepath = key,
		.user = h,
	};

	lws_set_log_level(0, NULL);
	h->loop = loop;
	h->protocols[0] = (struct lws_protocols){
		.name = "altair.v1",
		.callback = on_event,
		.per_session_data_size = sizeof(struct client *),
	};
	info.protocols = h->protocols;
	if (cert)
		h->unused = SSL_CTX_new(TLS_client_method());
	info.provided_client_ssl_ctx = h->unused;
	uv_timer_init(loop, &h->timer);
	h->timer.data = h;
	if (!make_machine(h))
		return NULL;
	h->context = lws_create_context(&info);
	return h->context ? h : NULL;
}

uint16_t house_port(const struct house *house)
{
	return (uint16_t)lws_get_vhost_listen_port(
		lws_get_vhost_by_name(house->context, "default"));
}

void house_meddle(struct house *house,
		  bool (*meddle)(void *user, altair_note *note), void *user)
{
	house->meddle = meddle;
	house->user = user;
}

void house_lie(struct house *house, unsigned number, const altair_note *note)
{
	struct client *client = &house->clients[number];

	house->lie = *note;
	client->has_lie = true;
	lws_callback_on_writable(client->wsi);
}

void house_offer(struct house *house, const char *stun)
{
	house->stun = stun;
}

void house_close(struct house *house)
{
	lws_context_destroy(house->context);
	for (int turn = 0; turn < CLOSING_TURNS; turn++)
		uv_run(house->loop, UV_RUN_NOWAIT);
	lws_context_destroy(house->context);
	uv_close((uv_handle_t *)&house->timer, NULL);
	uv_run(house->loop, UV_RUN_NOWAIT);
	SSL_CTX_free(house->unused);
	free(house->memory);
	free(house);
}
