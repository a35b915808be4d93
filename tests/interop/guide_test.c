/*
 * The guide's own program (guide_peer) against our blocking API and against
 * `altair connect`: both roles, either side first, start offsets across the
 * punch interval, and round trips below it. Both ends must say that the
 * connection is verified, every time. All scenes of a test run at the same
 * time, each on loopback addresses of its own.
 */
#define _GNU_SOURCE
#include "../check.h"
#include "child.h"
#include "forwarder.h"
#include "wire.h"

#include <altair/conn.h>
#include <altair/serve.h>

#include <pthread.h>
#include <unistd.h>

#define SCENES_MAX 128
#define PORT 4000

/* A guide gives up after less than this. */
#define PATIENCE ALTAIR_SEC(30)

/* Time to get all threads and processes to their marks. */
#define HEAD_START ALTAIR_MSEC(300)

struct scene {
	bool guide_initiates, guide_is_first, guide_trails;
	bool by_command;    /* ours is `altair connect`                      */
	altair_time offset; /* from the first side's start to the later one's */
	altair_time delay;  /* each way                                     */

	altair_addr guide, ours;	   /* where they are                */
	altair_addr guide_seen, ours_seen; /* where the other one sees them */
	altair_time starts;		   /* our side                      */
	pthread_t thread;
	struct child child;   /* the guide's program                         */
	struct child command; /* ours, by command                            */
	int connected, validated;
	char verdict[128];
};

static struct scene scenes[SCENES_MAX];
static size_t scene_count;
static struct line lines[SCENES_MAX];
static size_t line_count;
static char stun_server[ALTAIR_ADDR_TEXT];

/* 127.x.y.1 to .4 belong to scene y; x keeps two runs apart. */
static altair_addr address(size_t scene, unsigned host)
{
	char text[32];
	altair_addr addr;

	snprintf(text, sizeof text, "127.%d.%zu.%u:%d", 16 + getpid() % 200,
		 scene, host, PORT);
	CHECK_EQ(altair_addr_parse(&addr, text), 0);
	return addr;
}

/* The command is on any address, so the kernel chooses 127.0.0.1 for it; a port
 * of its own below those that the system gives away. */
static altair_addr command_address(size_t scene)
{
	return (altair_addr){
		.family = ALTAIR_IPV4,
		.ip = {127, 0, 0, 1},
		.port = (uint16_t)(20000 + getpid() % 100 * 100 + (int)scene),
	};
}

static int open_at(const altair_addr *addr)
{
	char ip[ALTAIR_ADDR_TEXT];

	altair_addr_format_ip(addr, ip, sizeof ip);
	return wire_open(ip, addr->port);
}

static void add_scene(const struct scene *wanted)
{
	size_t number = scene_count++;
	struct scene *scene = &scenes[number];

	CHECK(scene_count <= SCENES_MAX);
	*scene = *wanted;
	scene->guide_seen = scene->guide = address(number, 1);
	scene->ours_seen = scene->ours = address(number, 2);
	if (scene->by_command)
		scene->ours_seen = scene->ours = command_address(number);
	if (scene->delay == 0)
		return;
	scene->guide_seen = address(number, 3);
	scene->ours_seen = address(number, 4);
	lines[line_count++] = (struct line){
		.fd = {open_at(&scene->ours_seen), open_at(&scene->guide_seen)},
		.end = {scene->guide, scene->ours},
		.delay = scene->delay,
	};
}

/* Four scenes: both roles, either side first. */
static void add_scenes(const struct scene *like)
{
	struct scene scene = *like;

	for (int i = 0; i < 4; i++) {
		scene.guide_initiates = i & 1;
		scene.guide_is_first = i & 2;
		add_scene(&scene);
	}
}

static void spawn_guide(struct scene *scene)
{
	char bind[ALTAIR_ADDR_TEXT], peer[ALTAIR_ADDR_TEXT];
	const char *argv[6] = {GUIDE_PEER}, **arg = argv + 1;

	altair_addr_format(&scene->guide, bind, sizeof bind);
	altair_addr_format(&scene->ours_seen, peer, sizeof peer);
	if (scene->guide_initiates)
		*arg++ = "--initiator";
	if (scene->guide_trails)
		*arg++ = "--trailing";
	*arg++ = bind;
	*arg++ = peer;
	child_start(&scene->child, argv);
	CHECK(child_says(&scene->child, "ready", PATIENCE));
}

static void *run_ours(void *argument)
{
	struct scene *scene = argument;
	altair_punch_config config;
	altair_conn *conn;

	altair_punch_config_default(&config);
	config.initiator = !scene->guide_initiates;
	scene->validated = ALTAIR_E_STATE;
	wire_sleep_until(scene->starts);
	scene->connected = altair_conn_establish_with(
		&conn, &scene->ours, &scene->guide_seen, &config);
	if (scene->connected < 0)
		return NULL;
	scene->validated = altair_conn_validate(conn);
	altair_conn_close(conn);
	return NULL;
}

static void *run_command(void *argument)
{
	struct scene *scene = argument;
	char peer[ALTAIR_ADDR_TEXT], port[8];
	const char *argv[] = {ALTAIR_COMMAND, "connect",   "--peer",	   peer,
			      "--stun",	      stun_server, "--local-port", port,
			      "--initiator",  NULL};

	altair_addr_format(&scene->guide_seen, peer, sizeof peer);
	snprintf(port, sizeof port, "%u", scene->ours.port);
	if (scene->guide_initiates)
		argv[8] = NULL;
	wire_sleep_until(scene->starts);
	child_start(&scene->command, argv);
	scene->connected = ALTAIR_E_TIMEOUT;
	if (child_says(&scene->command, "Round-trip successful!", PATIENCE))
		scene->connected = 0;
	/* input that ends before its first line would not end the command */
	child_tell(&scene->command, "good bye\n");
	scene->validated = child_end(&scene->command);
	return NULL;
}

/* Starts every guide whose time it is, in the order of time. */
static void start_guides(altair_time zero)
{
	altair_time done = 0, next = zero;

	while (next != ALTAIR_NEVER) {
		wire_sleep_until(next);
		done = next;
		next = ALTAIR_NEVER;
		for (size_t i = 0; i < scene_count; i++) {
			altair_time starts =
				zero + (scenes[i].guide_is_first
						? 0
						: scenes[i].offset);

			if (starts == done)
				child_tell(&scenes[i].child, "!");
			else if (starts > done && starts < next)
				next = starts;
		}
	}
}

/* Ends the guide's program and takes its last words. */
static void reap_guide(struct scene *scene)
{
	const char *verdict = child_says(&scene->child, "", PATIENCE);

	snprintf(scene->verdict, sizeof scene->verdict, "%s",
		 verdict ? verdict : "nothing");
	child_end(&scene->child);
}

static bool is_good(const struct scene *scene)
{
	if (scene->connected == 0 && scene->validated == 0 &&
	    !strcmp(scene->verdict, "verified"))
		return true;
	printf("# guide %s%s, %s first, offset %d ms, delay %d ms: "
	       "ours %s and %s, guide: %s\n",
	       scene->guide_initiates ? "initiates" : "responds",
	       scene->guide_trails ? " and trails" : "",
	       scene->guide_is_first ? "guide" : "ours",
	       (int)(scene->offset / ALTAIR_MSEC(1)),
	       (int)(scene->delay / ALTAIR_MSEC(1)),
	       altair_errname(scene->connected),
	       altair_errname(scene->validated), scene->verdict);
	return false;
}

static void run_scenes(void)
{
	struct forwarder *forwarder = forwarder_start(lines, line_count);
	altair_time zero;
	size_t bad = 0;

	for (size_t i = 0; i < scene_count; i++)
		spawn_guide(&scenes[i]);
	zero = wire_now() + HEAD_START;
	for (size_t i = 0; i < scene_count; i++) {
		scenes[i].starts =
			zero +
			(scenes[i].guide_is_first ? scenes[i].offset : 0);
		CHECK_EQ(pthread_create(&scenes[i].thread, NULL,
					scenes[i].by_command ? run_command
							     : run_ours,
					&scenes[i]),
			 0);
	}
	start_guides(zero);
	for (size_t i = 0; i < scene_count; i++) {
		pthread_join(scenes[i].thread, NULL);
		reap_guide(&scenes[i]);
		bad += !is_good(&scenes[i]);
	}
	forwarder_stop(forwarder);
	printf("# %zu scenes\n", scene_count);
	scene_count = 0;
	line_count = 0;
	CHECK_EQ(bad, 0);
}

struct grid {
	unsigned offsets[8], delays[8]; /* ms                              */
	size_t offset_count, delay_count;
};

static void run_grid(const struct grid *grid, const struct scene *like)
{
	struct scene scene = *like;

	for (size_t i = 0; i < grid->offset_count; i++) {
		for (size_t k = 0; k < grid->delay_count; k++) {
			scene.offset = ALTAIR_MSEC(grid->offsets[i]);
			scene.delay = ALTAIR_MSEC(grid->delays[k]);
			add_scenes(&scene);
		}
	}
	run_scenes();
}

/* Round trips of 0 to 360 ms, below the interval of 400 ms. */
static void test_guide_connects(void)
{
	run_grid(&(struct grid){{0, 50, 150, 250, 350, 900, 2500},
				{0, 50, 100, 180},
				7,
				4},
		 &(struct scene){.guide_trails = false});
}

static void test_guide_that_goes_on_punching_connects(void)
{
	run_grid(
		&(struct grid){
			{0, 50, 150, 250, 350, 900, 2500}, {0, 100}, 7, 2},
		&(struct scene){.guide_trails = true});
}

static altair_serve *start_server(void)
{
	altair_addr listen = {.family = ALTAIR_IPV4, .ip = {127, 0, 0, 1}};
	altair_serve_config config;
	altair_serve *serve;

	altair_serve_config_default(&config);
	config.listen = &listen;
	config.listens = 1;
	config.threads = 1;
	CHECK_EQ(altair_serve_start(&serve, &config, NULL), 0);
	CHECK_EQ(altair_serve_local(serve, 0, &listen), 0);
	altair_addr_format(&listen, stun_server, sizeof stun_server);
	return serve;
}

static void test_guide_connects_with_the_command(void)
{
	altair_serve *serve = start_server();

	run_grid(&(struct grid){{0, 150, 350, 2500}, {0, 100}, 4, 2},
		 &(struct scene){.by_command = true});
	altair_serve_stop(serve);
}

static const struct check_test tests[] = {
	TEST(test_guide_connects),
	TEST(test_guide_that_goes_on_punching_connects),
	TEST(test_guide_connects_with_the_command),
};

CHECK_MAIN(tests)
