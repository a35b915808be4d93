/*
 * One DTLS session: attempts at a handshake, one after the other, and then records.
 *
 * What is not authenticated may cost an attempt, never the session. OpenSSL gets
 * records one by one. Until the handshake is done these are messages in clear, and in
 * the next epoch the one that has to come then, Finished; alerts in clear are not
 * believed, only told (ALTAIR_DTLS_REFUSED).
 * A server begins anew with each ClientHello that it has not answered; where a cookie
 * is asked for only with one that brings it. Once the handshake is done nothing in
 * clear is looked at any more.
 */
#include "dtls.h"
#include "record.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

/* OpenSSL's own timer never runs out; see dgram.c. */
#define AN_HOUR_US 3600000000u

#define NONCE 8 /* the part of it that is in a record of AES-GCM */
#define TAG 16

/* Of a flight, besides those that the time wants. Whoever sends a ClientHello again
 * and again gets no more for it. */
#define REPETITIONS_MAX 8

static unsigned long_time(SSL *ssl, unsigned before)
{
	(void)ssl, (void)before;
	return AN_HOUR_US;
}

/* --- attempts -------------------------------------------------------------- */

/* NULL when there is no memory. */
static SSL *make_ssl(altair_dtls_session *session)
{
	SSL *ssl = SSL_new(session->shared->context);

	if (!ssl)
		return NULL;
	if (!air_dgram_connect(&session->dgram, session->shared->method, ssl)) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_app_data(ssl, session);
	SSL_set_mtu(ssl, ALTAIR_DTLS_DATAGRAM_MAX);
	DTLS_set_timer_cb(ssl, long_time);
	if (session->role.is_client)
		SSL_set_connect_state(ssl);
	else
		SSL_set_accept_state(ssl);
	return ssl;
}

static void drop_attempt(altair_dtls_session *session)
{
	SSL_free(session->ssl);
	session->ssl = NULL;
	session->dgram.timer = NULL;
	session->has_hello = false;
	session->is_stranger = false;
	session->is_refused = false;
	session->heard = session->answered = 0;
	session->dgram.kept = 0;
}

/* The only place that opens a session. */
static enum altair_dtls_state finished(altair_dtls_session *session)
{
	const X509 *cert = SSL_get0_peer_certificate(session->ssl);

	return air_dtls_is_peer(session, cert) ? ALTAIR_DTLS_OPEN
					       : ALTAIR_DTLS_STRANGER;
}

static enum altair_dtls_state failed(const altair_dtls_session *session)
{
	int reason = ERR_GET_REASON(ERR_peek_error());

	return session->is_stranger ||
			       reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE
		       ? ALTAIR_DTLS_STRANGER
		       : ALTAIR_DTLS_FAILED;
}

static void shake(altair_dtls_session *session)
{
	size_t mark = session->dgram.end;
	int done;

	ERR_clear_error();
	done = SSL_do_handshake(session->ssl);
	if (done == 1)
		session->state = finished(session);
	else if (SSL_get_error(session->ssl, done) != SSL_ERROR_WANT_READ)
		session->state = failed(session);
	ERR_clear_error();
	if (session->state != ALTAIR_DTLS_WAITING ||
	    !air_dgram_keep(&session->dgram, mark))
		return;
	session->flights++;
	session->answered = session->heard;
	session->repetitions = 0;
}

/* The other side shows that it has not heard our flight: it gets it as it was, because
 * OpenSSL repeats a flight only so often. */
static void repeat(altair_dtls_session *session, size_t mark)
{
	if (!session->is_repeated || session->dgram.end != mark ||
	    session->state != ALTAIR_DTLS_WAITING || session->is_refused ||
	    session->repetitions == REPETITIONS_MAX)
		return;
	session->repetitions++;
	air_dgram_repeat(&session->dgram);
}

static void note_number(altair_dtls_session *session, unsigned number)
{
	if (number < session->answered)
		session->is_repeated = true;
	if (number >= session->heard)
		session->heard = number + 1;
}

static int session_begin(altair_dtls_session *session)
{
	drop_attempt(session);
	session->state = ALTAIR_DTLS_WAITING;
	if (session->role.asks_cookie)
		return 0; /* a listener comes first */
	session->ssl = make_ssl(session);
	if (!session->ssl)
		return ALTAIR_E_MEMORY;
	if (session->role.is_client)
		shake(session);
	return 0;
}

/* Who has said that he gave up is not sent this flight again: the answer to his next
 * ClientHello would come behind it. */
static void session_again(altair_dtls_session *session)
{
	size_t mark = session->dgram.end;

	if (session->state != ALTAIR_DTLS_WAITING || session->is_refused ||
	    !air_dgram_expire(&session->dgram))
		return;
	ERR_clear_error();
	if (DTLSv1_handle_timeout(session->ssl) < 0)
		session->state = ALTAIR_DTLS_FAILED;
	ERR_clear_error();
	/* With new numbers, so it is no replay where some of it has arrived. */
	air_dgram_keep(&session->dgram, mark);
}

/* --- a server hears a ClientHello ------------------------------------------ */

/* Nothing is kept of a ClientHello without cookie (RFC 6347 4.2.1). True: this one
 * has brought it, and `ssl` is to read it. */
static bool has_cookie(altair_dtls_session *session)
{
	BIO_ADDR *nobody = BIO_ADDR_new();
	bool is_good;

	/* Those who only ask leave room for a flight. */
	if (session->dgram.end > AIR_DGRAM_OUT / 2) {
		BIO_ADDR_free(nobody);
		return false;
	}
	if (!session->listener)
		session->listener = make_ssl(session);
	ERR_clear_error();
	is_good = session->listener && nobody &&
		  DTLSv1_listen(session->listener, nobody) == 1;
	ERR_clear_error();
	BIO_ADDR_free(nobody);
	if (!is_good)
		return false;
	drop_attempt(session);
	session->ssl = session->listener;
	session->listener = NULL;
	return true;
}

/* True: `ssl` is to read it. */
static bool hear_hello(altair_dtls_session *session,
		       const struct air_record *record, altair_bytes random)
{
	if (session->has_hello &&
	    memcmp(session->random, random.data, sizeof session->random) == 0) {
		/* Then it was not he who said that he gave up. */
		if (session->is_refused) {
			session->is_refused = false;
			session_again(session);
		}
		note_number(session, air_record_number(record));
		return true;
	}
	if (session->role.asks_cookie) {
		if (!has_cookie(session))
			return false;
	} else if (session->has_hello && session_begin(session) != 0) {
		return false;
	}
	session->has_hello = true;
	memcpy(session->random, random.data, sizeof session->random);
	note_number(session, air_record_number(record));
	return true;
}

/* --- records --------------------------------------------------------------- */

/* Has the other side changed to the keys of this handshake? */
static bool is_changed(const altair_dtls_session *session)
{
	OSSL_HANDSHAKE_STATE state = SSL_get_state(session->ssl);

	return state == TLS_ST_CR_CHANGE || state == TLS_ST_SR_CHANGE;
}

/* One of a handshake that is not done; true: `ssl` is to read it. */
static bool admit(altair_dtls_session *session, const struct air_record *record)
{
	altair_bytes random;

	if (!session->role.is_client && air_record_is_hello(record, &random))
		return hear_hello(session, record, random);
	if (!session->ssl || (!session->role.is_client && !session->has_hello))
		return false;
	if (record->epoch != 0)
		return record->type == RECORD_HANDSHAKE &&
		       is_changed(session) && record->body.len > NONCE + TAG;
	if (air_record_is_fatal(record))
		session->is_refused = true;
	if (record->type == RECORD_HANDSHAKE &&
	    air_record_is_message(record, session->role.is_client))
		note_number(session, air_record_number(record));
	return record->type == RECORD_CHANGE_CIPHER ||
	       (record->type == RECORD_HANDSHAKE &&
		air_record_is_message(record, session->role.is_client));
}

/* Can it have been protected with the keys of this session? OpenSSL gives up at one
 * that has no room for nonce, tag and a byte (RFC 5288 3, RFC 7905 2): anybody could
 * send it that. */
static bool is_protected(const altair_dtls_session *session,
			 const struct air_record *record)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(session->ssl);
	bool has_nonce = !cipher || SSL_CIPHER_get_cipher_nid(cipher) !=
					    NID_chacha20_poly1305;

	return record->epoch != 0 &&
	       record->body.len > (has_nonce ? NONCE + TAG : TAG);
}

/* A record of an open session. How many bytes were said, or ALTAIR_E_AGAIN. */
static int hear(altair_dtls_session *session, uint8_t *out, size_t cap)
{
	int len, error;

	ERR_clear_error();
	len = SSL_read(session->ssl, out, (int)cap);
	error = len > 0 ? SSL_ERROR_NONE : SSL_get_error(session->ssl, len);
	ERR_clear_error();
	if (len > 0)
		return len;
	if (error == SSL_ERROR_ZERO_RETURN)
		session->state = ALTAIR_DTLS_CLOSED;
	else if (error != SSL_ERROR_WANT_READ)
		session->state = ALTAIR_DTLS_FAILED;
	return ALTAIR_E_AGAIN;
}

static int session_input(altair_dtls_session *session, uint8_t *bytes,
			 size_t len)
{
	altair_bytes rest = {bytes, len};
	struct air_record record;
	size_t mark = session->dgram.end;
	int said = ALTAIR_E_AGAIN;

	session->is_repeated = false;
	while (air_record_next(&rest, &record)) {
		session->dgram.in = record.all;
		if (session->state == ALTAIR_DTLS_WAITING &&
		    admit(session, &record))
			shake(session);
		else if (session->state == ALTAIR_DTLS_OPEN &&
			 is_protected(session, &record) && said < 0)
			/* What is behind this record stays as it is: a plaintext
			 * is shorter than its record. */
			said = hear(session, bytes, record.all.len);
		session->dgram.in.len = 0;
	}
	repeat(session, mark);
	return said;
}

static int session_seal(altair_dtls_session *session, uint8_t *payload,
			size_t len)
{
	size_t mark = session->dgram.end, sealed = 0;

	ERR_clear_error();
	if (session->state == ALTAIR_DTLS_OPEN && len > 0 &&
	    len <= ALTAIR_DTLS_DATAGRAM_MAX &&
	    SSL_write(session->ssl, payload, (int)len) == (int)len)
		sealed = air_dgram_withdraw(
			&session->dgram, mark, payload - ALTAIR_DTLS_HEADROOM,
			ALTAIR_DTLS_HEADROOM + len + ALTAIR_DTLS_TAILROOM);
	ERR_clear_error();
	return sealed > 0 ? (int)sealed : ALTAIR_E_TLS;
}

static void session_finish(altair_dtls_session *session)
{
	if (session->state != ALTAIR_DTLS_OPEN)
		return;
	SSL_shutdown(session->ssl);
	ERR_clear_error();
}

/* --- the table ------------------------------------------------------------- */

static size_t session_output(altair_dtls_session *session, uint8_t *out)
{
	return air_dgram_take(&session->dgram, out);
}

static unsigned session_flights(const altair_dtls_session *session)
{
	return session->flights;
}

static enum altair_dtls_state session_state(const altair_dtls_session *session)
{
	if (session->state == ALTAIR_DTLS_WAITING && session->is_refused)
		return ALTAIR_DTLS_REFUSED;
	return session->state;
}

static int session_open(void *user, altair_dtls_session **out,
			const altair_dtls_role *role)
{
	altair_dtls_session *session = calloc(1, sizeof *session);

	if (!session)
		return ALTAIR_E_MEMORY;
	session->shared = user;
	session->role = *role;
	session->role.asks_cookie = role->asks_cookie && !role->is_client;
	session->state = ALTAIR_DTLS_FAILED; /* until it begins */
	if (RAND_bytes(session->cookie, sizeof session->cookie) != 1) {
		free(session);
		ERR_clear_error();
		return ALTAIR_E_MEMORY;
	}
	*out = session;
	return 0;
}

static void session_close(altair_dtls_session *session)
{
	SSL_free(session->ssl);
	SSL_free(session->listener);
	OPENSSL_cleanse(session, sizeof *session);
	free(session);
}

void air_dtls_fill(altair_dtls *out)
{
	out->open = session_open;
	out->close = session_close;
	out->begin = session_begin;
	out->input = session_input;
	out->output = session_output;
	out->flights = session_flights;
	out->again = session_again;
	out->state = session_state;
	out->seal = session_seal;
	out->finish = session_finish;
}
