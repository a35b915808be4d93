/*
 * A BIO for DTLS in virtual time. Written records are kept apart and packed into as few
 * datagrams as possible, because OpenSSL repeats a flight message by message.
 *
 * OpenSSL 3.0 measures a flight's time with gettimeofday. It shows every BIO where it
 * notes when the time is up (BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT), so that a socket can
 * wait no longer; the note is in the SSL and lives as long. The session asks for an hour
 * (DTLS_set_timer_cb), and this BIO sets the note into the past when our own timer
 * says so. A clock that is set meanwhile costs one repetition at most.
 */
#include "dgram.h"

#include <string.h>

#define LENGTH 2 /* bytes in front of each write in `out` */

/* --- the socket ------------------------------------------------------------ */

static int dgram_read(BIO *bio, char *out, int cap)
{
	struct air_dgram *dgram = BIO_get_data(bio);
	size_t len = dgram->in.len;

	BIO_clear_retry_flags(bio);
	if (len == 0 || cap <= 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	if (len > (size_t)cap)
		len = (size_t)cap;
	memcpy(out, dgram->in.data, len);
	if (!dgram->peeks)
		dgram->in.len = 0;
	return (int)len;
}

/* Where there is no room the record is lost, as it might be on its way. */
static int dgram_write(BIO *bio, const char *bytes, int len)
{
	struct air_dgram *dgram = BIO_get_data(bio);
	size_t need = (size_t)len + LENGTH;

	BIO_clear_retry_flags(bio);
	if (len <= 0)
		return len;
	if (len > ALTAIR_DTLS_DATAGRAM_MAX ||
	    need > sizeof dgram->out - dgram->end) {
		dgram->has_lost = true;
		return len;
	}
	if (dgram->end < dgram->kept_at + dgram->kept)
		dgram->kept = 0;
	dgram->out[dgram->end] = (uint8_t)(len >> 8);
	dgram->out[dgram->end + 1] = (uint8_t)len;
	memcpy(dgram->out + dgram->end + LENGTH, bytes, (size_t)len);
	dgram->end += need;
	return len;
}

static long dgram_ctrl(BIO *bio, int command, long number, void *pointer)
{
	struct air_dgram *dgram = BIO_get_data(bio);
	struct timeval *timer = pointer;

	switch (command) {
	case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
		dgram->timer = timer->tv_sec || timer->tv_usec ? timer : NULL;
		return 1;
	case BIO_CTRL_DGRAM_SET_PEEK_MODE:
		dgram->peeks = number != 0;
		return 1;
	case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
		return ALTAIR_DTLS_DATAGRAM_MAX;
	case BIO_CTRL_FLUSH:
		return 1;
	default:
		return 0;
	}
}

static int dgram_create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

BIO_METHOD *air_dgram_method(void)
{
	BIO_METHOD *method = BIO_meth_new(
		BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "altair datagrams");

	if (method && BIO_meth_set_read(method, dgram_read) &&
	    BIO_meth_set_write(method, dgram_write) &&
	    BIO_meth_set_ctrl(method, dgram_ctrl) &&
	    BIO_meth_set_create(method, dgram_create))
		return method;
	BIO_meth_free(method);
	return NULL;
}

bool air_dgram_connect(struct air_dgram *dgram, BIO_METHOD *method, SSL *ssl)
{
	BIO *bio = BIO_new(method);

	if (!bio)
		return false;
	BIO_set_data(bio, dgram);
	SSL_set_bio(ssl, bio, bio);
	return true;
}

/* --- the session's side ---------------------------------------------------- */

static size_t length_at(const struct air_dgram *dgram, size_t at)
{
	return (size_t)dgram->out[at] << 8 | dgram->out[at + 1];
}

size_t air_dgram_take(struct air_dgram *dgram,
		      uint8_t out[ALTAIR_DTLS_DATAGRAM_MAX])
{
	size_t len = 0;

	while (dgram->begin < dgram->end) {
		size_t next = length_at(dgram, dgram->begin);

		if (len + next > ALTAIR_DTLS_DATAGRAM_MAX)
			return len;
		memcpy(out + len, dgram->out + dgram->begin + LENGTH, next);
		len += next;
		dgram->begin += LENGTH + next;
	}
	dgram->begin = dgram->end = 0;
	return len;
}

size_t air_dgram_withdraw(struct air_dgram *dgram, size_t mark, uint8_t *out,
			  size_t cap)
{
	size_t len;

	if (dgram->end == mark)
		return 0;
	len = length_at(dgram, mark);
	dgram->end = mark;
	if (len > cap)
		return 0;
	memcpy(out, dgram->out + mark + LENGTH, len);
	return len;
}

bool air_dgram_keep(struct air_dgram *dgram, size_t mark)
{
	size_t len = dgram->end - mark;

	if (len == 0 && !dgram->has_lost)
		return false;
	dgram->kept_at = mark;
	dgram->kept = dgram->has_lost ? 0 : len;
	dgram->has_lost = false;
	return true;
}

void air_dgram_repeat(struct air_dgram *dgram)
{
	if (dgram->kept == 0 || dgram->end > 0)
		return;
	dgram->begin = dgram->kept_at;
	dgram->end = dgram->kept_at + dgram->kept;
}

bool air_dgram_expire(struct air_dgram *dgram)
{
	if (!dgram->timer)
		return false;
	*dgram->timer = (struct timeval){.tv_sec = 1};
	return true;
}
