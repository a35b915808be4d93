/*
 * The box of a thread is a pair of Unix sockets: a put is one system call, never
 * waits, and may be lost as datagrams are. Who has only seen a ticket has no guest:
 * that begins when the thread to which the ticket belongs has let the client in, and
 * ends when it does not know it any longer. Nobody without a password can have
 * somebody else's datagrams passed on.
 */
#define _GNU_SOURCE
#include "post.h"

#include <altair/error.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BYTES_MAX 65536

enum kind { IS_DATAGRAM, IS_OURS, IS_NOT_OURS };

struct letter {
	enum kind kind;
	unsigned from;
	bool was_guest;
	altair_path path;
	size_t segment;
};

int air_post_open(struct post *post)
{
	post->bytes = malloc(BYTES_MAX);
	if (!post->bytes)
		return ALTAIR_E_MEMORY;
	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			  post->box) == 0
		       ? 0
		       : ALTAIR_E_SYSTEM;
}

void air_post_close(struct post *post)
{
	for (int i = 0; i < 2; i++)
		if (post->box[i] >= 0)
			close(post->box[i]);
	free(post->bytes);
}

static void put(struct post *post, unsigned to, struct letter *letter,
		altair_bytes bytes)
{
	struct post *other = (void *)((uint8_t *)post->all + to * post->stride);
	struct iovec iov[2] = {{letter, sizeof *letter},
			       {(void *)(uintptr_t)bytes.data, bytes.len}};
	struct msghdr head = {.msg_iov = iov, .msg_iovlen = 2};

	letter->from = post->worker;
	(void)sendmsg(other->box[1], &head, MSG_DONTWAIT);
}

/* --- guests ---------------------------------------------------------------- */

static struct guest *bucket(struct post *post, const altair_path *path)
{
	uint32_t hash = path->sock + path->remote.port * 2654435761u;

	for (size_t i = 0; i < sizeof path->remote.ip; i++)
		hash = (hash ^ path->remote.ip[i]) * 16777619u;
	return post->guests[(hash >> 16) % GUEST_BUCKETS];
}

static bool is_same(const altair_path *a, const altair_path *b)
{
	return a->sock == b->sock &&
	       altair_addr_equal(&a->remote, &b->remote) &&
	       altair_addr_equal(&a->local, &b->local);
}

static struct guest *find(struct post *post, const altair_path *path)
{
	struct guest *of = bucket(post, path);

	for (int i = 0; post->count > 0 && i < GUESTS_EACH; i++)
		if (of[i].is_used && is_same(&of[i].path, path))
			return &of[i];
	return NULL;
}

/* Where there is no room the one of longest standing goes. */
static void add(struct post *post, const altair_path *path, unsigned worker)
{
	struct guest *of = bucket(post, path), *last = &of[GUESTS_EACH - 1];

	if (find(post, path))
		return;
	post->count += !last->is_used;
	memmove(of + 1, of, (GUESTS_EACH - 1) * sizeof *of);
	of[0] = (struct guest){*path, worker, true};
}

static void forget(struct post *post, const altair_path *path)
{
	struct guest *guest = find(post, path);
	struct guest *end = bucket(post, path) + GUESTS_EACH;

	if (!guest)
		return;
	memmove(guest, guest + 1, (size_t)(end - guest - 1) * sizeof *guest);
	end[-1].is_used = false;
	post->count--;
}

/* --- letters --------------------------------------------------------------- */

bool air_post_pass(struct post *post, const altair_server *server,
		   const altair_datagram *datagram)
{
	const struct guest *guest = find(post, &datagram->path);
	int worker = guest ? (int)guest->worker
			   : altair_server_worker(server, datagram);
	struct letter letter = {.kind = IS_DATAGRAM,
				.was_guest = guest != NULL,
				.path = datagram->path,
				.segment = datagram->segment};

	if (worker < 0)
		return false;
	put(post, (unsigned)worker, &letter, datagram->bytes);
	return true;
}

int air_post_take(struct post *post, altair_datagram *out, unsigned *from,
		  bool *was_guest)
{
	struct letter letter;
	struct iovec iov[2] = {{&letter, sizeof letter},
			       {post->bytes, BYTES_MAX}};
	struct msghdr head = {.msg_iov = iov, .msg_iovlen = 2};

	for (;;) {
		ssize_t n = recvmsg(post->box[0], &head, MSG_DONTWAIT);

		if (n < (ssize_t)sizeof letter)
			return 0;
		*from = letter.from;
		*was_guest = letter.was_guest;
		out->path = letter.path;
		out->bytes.data = post->bytes;
		out->bytes.len = (size_t)n - sizeof letter;
		out->segment = letter.segment;
		if (letter.kind == IS_DATAGRAM)
			return 1;
		if (letter.kind == IS_OURS)
			add(post, &letter.path, letter.from);
		else
			forget(post, &letter.path);
	}
}

void air_post_answer(struct post *post, const altair_path *client,
		     unsigned from, bool is_ours)
{
	struct letter letter = {.kind = is_ours ? IS_OURS : IS_NOT_OURS,
				.path = *client};

	put(post, from, &letter, (altair_bytes){NULL, 0});
}
