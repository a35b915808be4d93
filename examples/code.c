/*
 * Connects two programs by a code: `code SERVER` shows one, `code SERVER CODE` on
 * another host uses it. Each says one thing to the other, encrypted, by the best
 * path there is. SERVER is what `altair serve` prints, wss://...
 */
#define _POSIX_C_SOURCE 200809L
#include <altair/error.h>
#include <altair/uv_link.h>

#include <stdio.h>
#include <string.h>

static void on_event(void *user, altair_uv_link *link,
		     const altair_uv_link_event *event)
{
	static const char hello[] = "hello";
	const altair_bytes message = {(const uint8_t *)hello, sizeof hello};

	(void)user;
	if (event->kind == ALTAIR_UV_LINK_SHOW)
		printf("tell the other side: %s\n", event->text);
	if (event->kind == ALTAIR_UV_LINK_CONNECTED)
		altair_uv_link_send(link, message);
	if (event->kind == ALTAIR_UV_LINK_FAILED)
		printf("failed: %s\n", event->text);
	if (event->kind == ALTAIR_UV_LINK_FAILED ||
	    event->kind == ALTAIR_UV_LINK_LEFT)
		altair_uv_link_close(link, NULL);
}

static void on_message(void *user, altair_uv_link *link, altair_bytes message)
{
	bool is_listener = user;

	printf("heard: %.*s\n", (int)message.len, (const char *)message.data);
	if (!is_listener) /* the other one is told, and ends, too */
		altair_uv_link_close(link, NULL);
}

int main(int argc, char **argv)
{
	const altair_uv_link_handlers handlers = {on_event, on_message};
	altair_uv_link_config config;
	altair_uv_link *link;
	int error;

	if (argc < 2)
		return 2;
	altair_uv_link_config_default(&config);
	config.server = argv[1];
	config.way = argc > 2 ? ALTAIR_UV_LINK_CODE : ALTAIR_UV_LINK_LISTEN;
	config.code = argv[2];
	setvbuf(stdout, NULL, _IOLBF, 0);
	error = altair_uv_link_open(&link, uv_default_loop(), &config,
				    &handlers, argc > 2 ? NULL : argv);
	if (error)
		fprintf(stderr, "code: %s\n", altair_strerror(error));
	return error ? 1 : uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
