/*
 * Guests: connections from the moment somebody hands them over to their end. They
 * come through a pipe, one write for each, which is whole (PIPE_BUF) and waits for
 * nobody: so the server's threads never wait for this one.
 *
 * Invariant: a guest that is not free is known to the machine, and has a wsi whose
 * end comes as LWS_CALLBACK_WSI_DESTROY.
 */
#define _GNU_SOURCE
#include "door.h"

#include <altair/openssl.h>
#include <altair/udp.h>

#include <openssl/ssl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define NO_GUEST UINT32_MAX
#define LOOK_MS (1000 / DOOR_LOOKS)
#define KNOCKS_MAX 64 /* taken before others have their turn */
#define FAREWELL ALTAIR_SEC(5)
#define PART_LEN ((size_t)ALTAIR_NOTE_MAX)

struct knock {
	int fd;
	enum altair_serve_guest as;
	altair_addr from;
};

/* --- memory ---------------------------------------------------------------- */

static void *take_pages(size_t len)
{
	void *pages = mmap(NULL, len, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return pages == MAP_FAILED ? NULL : pages;
}

bool air_guests_open(struct altair_door *door)
{
	door->guests = take_pages(door->count * sizeof *door->guests);
	door->parts = take_pages(door->count * PART_LEN);
	door->first_free = NO_GUEST;
	if (!door->guests || !door->parts)
		return false;
	for (uint32_t i = door->count; i-- > 0;) {
		door->guests[i].next = door->first_free;
		door->first_free = i;
	}
	return true;
}

/* Who still knocks finds nobody. */
void air_guests_close(struct altair_door *door)
{
	struct knock knock;

	while (door->pipe[0] >= 0 &&
	       read(door->pipe[0], &knock, sizeof knock) == sizeof knock)
		close(knock.fd);
	for (int i = 0; i < 2; i++)
		if (door->pipe[i] >= 0)
			close(door->pipe[i]);
	if (door->guests)
		munmap(door->guests, door->count * sizeof *door->guests);
	if (door->parts)
		munmap(door->parts, door->count * PART_LEN);
}

/* --- coming ---------------------------------------------------------------- */

void altair_door_admit(void *user, int fd, const altair_addr *from,
		       enum altair_serve_guest as)
{
	struct altair_door *door = user;
	struct knock knock = {.fd = fd, .as = as, .from = *from};

	if (!door->is_closed &&
	    write(door->pipe[1], &knock, sizeof knock) == sizeof knock)
		return;
	door->refused++;
	close(fd);
}

static struct lws *adopt(struct altair_door *door, const struct knock *knock)
{
	struct lws_vhost *host =
		knock->as == ALTAIR_SERVE_TLS ? door->secure : door->plain;

	if (host)
		return lws_adopt_socket_vhost(host, knock->fd);
	close(knock->fd);
	return NULL;
}

static void on_look(uv_timer_t *timer);

static void welcome(struct altair_door *door, const struct knock *knock)
{
	uint32_t i = door->first_free;
	altair_time now = altair_clock_now();
	struct guest *guest = &door->guests[i];
	uint32_t next;

	if (i == NO_GUEST ||
	    altair_rendezvous_joined(door->machine, now, i, &knock->from)) {
		door->refused++;
		close(knock->fd);
		return;
	}
	next = guest->next;
	*guest = (struct guest){
		.state = GUEST_ASKS,
		.as = (uint8_t)knock->as,
		.heard = now,
		.deadline = now + ALTAIR_DOOR_HEAD,
		.tls_deadline = ALTAIR_NEVER,
		.next = next,
		.is_loopback = altair_addr_classify(&knock->from) ==
			       ALTAIR_ADDR_LOOPBACK,
	};
	if (knock->as == ALTAIR_SERVE_TLS) {
		guest->tls_deadline = now + ALTAIR_DOOR_TLS;
		guest->deadline += ALTAIR_DOOR_TLS;
	}
	/* The library closes what it does not take. */
	guest->wsi = adopt(door, knock);
	if (!guest->wsi) {
		guest->state = GUEST_IS_FREE;
		altair_rendezvous_left(door->machine, now, i);
		return;
	}
	lws_set_opaque_user_data(guest->wsi, guest);
	door->first_free = next;
	if (door->guests_now++ == 0)
		uv_timer_start(&door->looks, on_look, LOOK_MS, LOOK_MS);
}

void air_guests_take(struct altair_door *door)
{
	struct knock knocks[KNOCKS_MAX];
	ssize_t len = read(door->pipe[0], knocks, sizeof knocks);
	size_t count = len > 0 ? (size_t)len / sizeof *knocks : 0;

	for (size_t i = 0; i < count; i++)
		welcome(door, &knocks[i]);
	air_door_run(door);
}

/* --- staying --------------------------------------------------------------- */

/* TLS that has not been agreed in time. */
static bool is_shaking(const struct guest *guest)
{
	return guest->as == ALTAIR_SERVE_TLS && guest->state == GUEST_ASKS &&
	       !SSL_is_init_finished(lws_get_ssl(guest->wsi));
}

static bool is_late(const struct guest *guest, altair_time now)
{
	return now >= guest->deadline ||
	       (now >= guest->tls_deadline && is_shaking(guest)) ||
	       (guest->state == GUEST_TALKS &&
		now - guest->heard >= ALTAIR_DOOR_IDLE);
}

/* Those who came together are not asked together. */
static altair_time patience(const struct altair_door *door,
			    const struct guest *guest)
{
	uint32_t mixed = (uint32_t)(guest - door->guests) * 2654435761u;

	return ALTAIR_DOOR_PING +
	       (altair_time)(mixed >> 16) * (ALTAIR_DOOR_SPREAD >> 16);
}

static void look(struct altair_door *door, struct guest *guest, altair_time now)
{
	if (guest->state == GUEST_IS_FREE)
		return;
	if (is_late(guest, now)) {
		door->late += guest->state != GUEST_LEAVES;
		guest->deadline = ALTAIR_NEVER;
		guest->state = GUEST_LEAVES;
		/* At once: its timers start with the next event only. */
		lws_set_timeout(guest->wsi, PENDING_TIMEOUT_USER_OK,
				LWS_TO_KILL_SYNC);
	} else if (guest->state == GUEST_TALKS && !guest->is_asked &&
		   now - guest->heard >= patience(door, guest)) {
		guest->is_asked = guest->wants_ping = true;
		lws_callback_on_writable(guest->wsi);
	}
}

/* Closes who is late, asks who is silent, among a part of them. */
static void on_look(uv_timer_t *timer)
{
	struct altair_door *door = timer->data;
	altair_time now = altair_clock_now();
	uint32_t part = door->count / DOOR_LOOKS + 1;

	for (uint32_t n = 0; n < part; n++) {
		look(door, &door->guests[door->next_look], now);
		door->next_look = (door->next_look + 1) % door->count;
	}
	if (door->guests_now == 0)
		uv_timer_stop(&door->looks);
	air_door_run(door);
}

/* --- leaving --------------------------------------------------------------- */

void air_guest_dismiss(struct altair_door *door, struct guest *guest)
{
	bool talks = guest->state == GUEST_TALKS;

	(void)door;
	if (guest->state == GUEST_IS_FREE || guest->state == GUEST_LEAVES)
		return;
	guest->state = GUEST_LEAVES;
	guest->deadline = altair_clock_now() + (talks ? FAREWELL : 0);
	if (talks)
		lws_callback_on_writable(guest->wsi);
}

void air_guest_forget(struct altair_door *door, struct guest *guest)
{
	uint32_t i = (uint32_t)(guest - door->guests);

	if (guest->has_part)
		madvise(door->parts + i * PART_LEN, PART_LEN, MADV_DONTNEED);
	guest->state = GUEST_IS_FREE;
	guest->wsi = NULL;
	guest->next = door->first_free;
	door->first_free = i;
	door->guests_now--;
	altair_rendezvous_left(door->machine, altair_clock_now(), i);
}
