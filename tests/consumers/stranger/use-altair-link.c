/* Somebody else's program: waits for somebody without any server, for no time. */
#include <altair/altair.h>
#include <altair/uv_link.h>

#include <string.h>

static void on_event(void *user, altair_uv_link *link,
		     const altair_uv_link_event *event)
{
	(void)user;
	(void)link;
	(void)event;
}

int main(void)
{
	altair_uv_link_handlers handlers;
	altair_uv_link_config config;
	altair_uv_link *link;

	if (strcmp(altair_version(), ALTAIR_VERSION) != 0)
		return 1;
	memset(&handlers, 0, sizeof handlers);
	handlers.event = on_event;
	altair_uv_link_config_default(&config);
	config.way = ALTAIR_UV_LINK_TICKET;
	if (altair_uv_link_open(&link, NULL, &config, &handlers, NULL) != 0)
		return 2;
	altair_uv_link_close(link, NULL);
	while (altair_uv_link_turn(link))
		;
	return 0;
}
