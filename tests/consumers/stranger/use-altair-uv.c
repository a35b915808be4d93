/* Somebody else's program: opens and closes the driver on a libuv loop. */
#include <altair/altair.h>
#include <altair/uv.h>

#include <string.h>

int main(void)
{
	altair_uv_handlers handlers;
	altair_uv_config config;
	altair_uv *driver;
	uv_loop_t loop;

	if (strcmp(altair_version(), ALTAIR_VERSION) != 0)
		return 1;
	memset(&handlers, 0, sizeof handlers);
	altair_uv_config_default(&config);
	if (uv_loop_init(&loop) != 0)
		return 2;
	if (altair_uv_open(&driver, &loop, &config, &handlers, NULL) != 0)
		return 3;
	altair_uv_close(driver, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop) != 0;
}
