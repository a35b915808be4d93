/*
 * uv_chat - a chat between two people behind NATs, on a libuv loop.
 *
 *	uv_chat STUN_IP:PORT [initiator]
 *
 * It prints our public endpoint; tell it to your peer. The first line you type
 * is the peer's endpoint, every further line a message. One socket does it all:
 * the discovery keeps asking, which holds our mapping open while you type,
 *until the connection stands. End of input closes.
 */
#define _GNU_SOURCE /* what <uv.h> needs under -std=c17 */
#include <altair/discover.h>
#include <altair/punch.h>
#include <altair/udp.h>
#include <altair/uv.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chat {
	uv_loop_t loop;
	uv_pipe_t input;
	char line[ALTAIR_MESSAGE_MAX + 2];
	size_t line_len;
	altair_uv *driver;
	altair_discover *discover; /* NULL once connected              */
	void *discover_memory;
	altair_punch *punch; /* NULL until the peer's endpoint is typed */
	void *punch_memory;
	bool is_initiator;
	int status;
};

static void stop(struct chat *chat, int status)
{
	chat->status = status;
	uv_stop(&chat->loop);
}

static void on_discovered(struct chat *chat)
{
	altair_answer answer;
	char text[ALTAIR_ADDR_TEXT];

	altair_discover_answer(chat->discover, 0, &answer);
	if (answer.state != ALTAIR_ANSWER_GIVEN) {
		printf("no answer from the server\n");
		stop(chat, 3);
		return;
	}
	altair_addr_format(&answer.mapped, text, sizeof text);
	printf("our endpoint: %s\n", text);
}

static void on_event(void *user, altair_machine *machine,
		     const altair_output *out)
{
	struct chat *chat = user;

	(void)machine;
	switch (out->event) {
	case ALTAIR_EV_DISCOVERED:
		on_discovered(chat);
		break;
	case ALTAIR_EV_MAPPING_CHANGED:
		printf("our endpoint has changed\n");
		break;
	case ALTAIR_EV_CONNECTED:
		printf("connected\n");
		altair_uv_detach(chat->driver,
				 altair_discover_machine(chat->discover));
		break;
	case ALTAIR_EV_FAILED:
		printf("failed: %s\n", altair_strerror(out->reason));
		stop(chat, 6);
		break;
	default:
		break;
	}
}

static void on_payload(void *user, altair_machine *machine,
		       const altair_datagram *datagram)
{
	(void)user;
	(void)machine;
	printf("> ");
	for (size_t i = 0; i < datagram->bytes.len; i++) {
		uint8_t byte = datagram->bytes.data[i];

		putchar(byte < ' ' || byte == 127 ? '?' : byte);
	}
	putchar('\n');
}

static void on_refused(void *user, const altair_addr *remote)
{
	struct chat *chat = user;

	if (chat->punch)
		altair_punch_refused(chat->punch, remote);
}

static int start_discover(struct chat *chat, const altair_addr *server)
{
	altair_time now = altair_uv_now(chat->driver);
	altair_discover_config config;
	size_t len;
	int error;

	altair_discover_config_default(&config);
	config.crypto = altair_system_random();
	config.keepalive = ALTAIR_SEC(15);
	len = altair_discover_size(&config);
	chat->discover_memory = malloc(len);
	if (!chat->discover_memory)
		return ALTAIR_E_MEMORY;
	error = altair_discover_init(&chat->discover, chat->discover_memory,
				     len, &config, now);
	if (error == 0)
		error = altair_discover_add(chat->discover, now, ALTAIR_UV_IPV4,
					    server, 0);
	if (error < 0)
		return error;
	altair_discover_seal(chat->discover, now);
	return altair_uv_attach(chat->driver,
				altair_discover_machine(chat->discover));
}

static int start_punch(struct chat *chat, const char *peer)
{
	altair_punch_config config;
	size_t len;
	int error;

	altair_punch_config_default(&config);
	config.sock = ALTAIR_UV_IPV4;
	config.initiator = chat->is_initiator;
	error = altair_addr_parse(&config.peer, peer);
	if (error < 0)
		return error;
	len = altair_punch_size(&config);
	free(chat->punch_memory); /* of an endpoint that was refused */
	chat->punch_memory = malloc(len);
	if (!chat->punch_memory)
		return ALTAIR_E_MEMORY;
	error = altair_punch_init(&chat->punch, chat->punch_memory, len,
				  &config, altair_uv_now(chat->driver));
	if (error < 0)
		return error;
	return altair_uv_attach(chat->driver,
				altair_punch_machine(chat->punch));
}

static int say(struct chat *chat, const char *line)
{
	altair_bytes message = {(const uint8_t *)line, strlen(line)};
	altair_datagram datagram;
	int error;

	error = altair_punch_wrap(chat->punch, altair_uv_now(chat->driver),
				  message, &datagram);
	if (error == 0)
		error = altair_uv_send(chat->driver, &datagram);
	altair_uv_kick(chat->driver);
	return error;
}

static void on_line(struct chat *chat, const char *line)
{
	int error;

	if (chat->punch)
		error = say(chat, line);
	else
		error = start_punch(chat, line);
	if (error < 0)
		printf("not sent: %s\n", altair_strerror(error));
}

static void give_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
	struct chat *chat = handle->data;

	(void)wanted;
	*buf = uv_buf_init(chat->line + chat->line_len,
			   (unsigned)(sizeof chat->line - 1 - chat->line_len));
}

static void on_input(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	struct chat *chat = stream->data;
	char *end;

	(void)buf;
	if (len < 0) {
		stop(chat, 0);
		return;
	}
	chat->line_len += (size_t)len;
	chat->line[chat->line_len] = '\0';
	while ((end = strchr(chat->line, '\n'))) {
		*end++ = '\0';
		on_line(chat, chat->line);
		chat->line_len -= (size_t)(end - chat->line);
		memmove(chat->line, end, chat->line_len + 1);
	}
	if (chat->line_len == sizeof chat->line - 1) {
		printf("not sent: the line is too long\n");
		chat->line_len = 0;
	}
}

static int open_all(struct chat *chat, const altair_addr *server)
{
	static const altair_uv_handlers handlers = {
		.event = on_event,
		.payload = on_payload,
		.refused = on_refused,
	};
	altair_uv_config config;
	int error;

	altair_uv_config_default(&config);
	config.ipv6 = false;
	error = altair_uv_open(&chat->driver, &chat->loop, &config, &handlers,
			       chat);
	if (error == 0)
		error = start_discover(chat, server);
	if (error < 0)
		return error;
	chat->input.data = chat;
	uv_pipe_init(&chat->loop, &chat->input, 0);
	if (uv_pipe_open(&chat->input, 0) < 0 ||
	    uv_read_start((uv_stream_t *)&chat->input, give_room, on_input) < 0)
		return ALTAIR_E_SYSTEM;
	return 0;
}

static void close_all(struct chat *chat)
{
	if (chat->input.data)
		uv_close((uv_handle_t *)&chat->input, NULL);
	if (chat->driver)
		altair_uv_close(chat->driver, NULL);
	uv_run(&chat->loop, UV_RUN_DEFAULT);
	uv_loop_close(&chat->loop);
	free(chat->discover_memory);
	free(chat->punch_memory);
}

int main(int argc, char **argv)
{
	static struct chat chat;
	altair_addr server;
	int error;

	if (argc < 2 || altair_addr_parse(&server, argv[1]) < 0) {
		fprintf(stderr, "usage: uv_chat STUN_IP:PORT [initiator]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	chat.is_initiator = argc > 2;
	uv_loop_init(&chat.loop);
	error = open_all(&chat, &server);
	if (error == 0)
		uv_run(&chat.loop, UV_RUN_DEFAULT);
	else
		fprintf(stderr, "uv_chat: %s\n", altair_strerror(error));
	close_all(&chat);
	return error < 0 ? 1 : chat.status;
}
