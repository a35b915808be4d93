/*
 * Connectivity checks (RFC 8445 7): Binding requests with the short-term
 * credentials of RFC 8445 7.2.2 and FINGERPRINT.
 *
 * The requests of a transaction leave 200, 400, 800 ms and then one second
 * apart, 11 in all; a second after the last one it has failed. RFC 8445 14.3
 * asks for 500 ms at least and 7 requests: on a path that loses packets this
 * costs a connection more than 200 ms cost the network. All requests of a
 * transaction are equal: what may change meanwhile (role, tie-breaker,
 * nomination) is kept in the check.
 */
#include "ice/check.h"

#include "base/time.h"

#include <string.h>

#define FIRST_WAIT ALTAIR_MSEC(200)
#define LONGEST_WAIT ALTAIR_SEC(1)

#define UNKNOWN_LISTED 8 /* unknown attributes that a 420 lists */

enum air_check_step air_check_due(struct air_check *check, altair_time now)
{
	altair_time wait = LONGEST_WAIT;

	if (now < check->next)
		return CHECK_NOT_DUE;
	if (check->sent == AIR_CHECK_SENDINGS)
		return CHECK_GIVE_UP;
	if (check->sent < 3)
		wait = FIRST_WAIT << check->sent;
	if (check->sent++ == 0)
		check->sent_at = now;
	check->next = air_time_after(now, wait);
	return CHECK_SEND;
}

/* --- writing ------------------------------------------------------------- */

static void add_number(struct air_stun_builder *b, uint16_t type,
		       uint64_t number)
{
	struct air_stun_value value = {.number = number};

	air_stun_build_attr(b, type, &value);
}

/* RFC 8445 7.2.2: the fragment of who receives it, then of who sends it. */
static void add_username(struct air_stun_builder *b,
			 const struct air_check_keys *keys)
{
	uint8_t name[2 * AIR_CREDENTIAL_MAX + 1];
	struct air_writer w = air_writer(name, sizeof name);

	air_write_bytes(&w, air_text(keys->remote.ufrag));
	air_write_u8(&w, ':');
	air_write_bytes(&w, air_text(keys->local.ufrag));
	air_stun_build_attr(b, AIR_STUN_USERNAME,
			    &(struct air_stun_value){.bytes = air_written(&w)});
}

static altair_bytes seal(struct air_stun_builder *b,
			 const altair_crypto *crypto, const char *pwd)
{
	if (pwd)
		air_stun_build_sha1(b, crypto, air_text(pwd));
	air_stun_build_fingerprint(b);
	return air_stun_build_end(b);
}

altair_bytes air_check_request(const struct air_check *check,
			       const struct air_check_keys *keys,
			       uint8_t *buffer)
{
	static const struct air_stun_value empty;
	struct air_stun_header header = {.class = AIR_STUN_REQUEST,
					 .method = AIR_STUN_BINDING};
	struct air_stun_builder b;

	memcpy(header.transaction, check->transaction,
	       sizeof header.transaction);
	air_stun_build(&b, buffer, AIR_CHECK_LEN_MAX, &header);
	add_username(&b, keys);
	add_number(&b, AIR_STUN_PRIORITY, check->priority);
	add_number(&b,
		   check->controlling ? AIR_STUN_ICE_CONTROLLING
				      : AIR_STUN_ICE_CONTROLLED,
		   check->tie_breaker);
	if (check->nominates)
		air_stun_build_attr(&b, AIR_STUN_USE_CANDIDATE, &empty);
	return seal(&b, keys->crypto, keys->remote.pwd);
}

size_t air_check_length(const struct air_check *check,
			const struct air_check_keys *keys)
{
	size_t name =
		strlen(keys->remote.ufrag) + 1 + strlen(keys->local.ufrag);

	/* Header, USERNAME padded to words, PRIORITY, role, USE-CANDIDATE,
	 * MESSAGE-INTEGRITY, FINGERPRINT. */
	return 20 + 4 + (name + 3) / 4 * 4 + 8 + 12 +
	       (check->nominates ? 4 : 0) + 24 + 8;
}

static void answer(struct air_stun_builder *b, uint8_t *buffer,
		   const struct air_stun_message *request,
		   enum air_stun_class class)
{
	struct air_stun_header header = request->header;

	header.class = class;
	air_stun_build(b, buffer, AIR_CHECK_LEN_MAX, &header);
}

altair_bytes air_check_response(const struct air_stun_message *request,
				const struct air_check_keys *keys,
				const altair_addr *mapped, uint8_t *buffer)
{
	struct air_stun_value value = {.addr = *mapped};
	struct air_stun_builder b;

	answer(&b, buffer, request, AIR_STUN_SUCCESS);
	air_stun_build_attr(&b, AIR_STUN_XOR_MAPPED_ADDRESS, &value);
	return seal(&b, keys->crypto, keys->local.pwd);
}

/* RFC 8489 14.13. */
static void add_unknown(struct air_stun_builder *b,
			const struct air_stun_message *request)
{
	uint8_t types[2 * UNKNOWN_LISTED];
	struct air_writer w = air_writer(types, sizeof types);

	for (size_t i = 0; i < request->unknown_count && w.len < sizeof types;
	     i++)
		air_write_u16(&w, request->unknown[i]);
	air_stun_build_attr(b, AIR_STUN_UNKNOWN_ATTRIBUTES,
			    &(struct air_stun_value){.bytes = air_written(&w)});
}

altair_bytes air_check_refusal(const struct air_stun_message *request,
			       const struct air_check_keys *keys,
			       enum air_stun_error_code code, uint8_t *buffer)
{
	bool unsigned_ = code == AIR_STUN_BAD_REQUEST ||
			 code == AIR_STUN_UNAUTHENTICATED;
	struct air_stun_builder b;

	answer(&b, buffer, request, AIR_STUN_ERROR);
	add_number(&b, AIR_STUN_ERROR_CODE, code);
	if (code == AIR_STUN_UNKNOWN_ATTRIBUTE)
		add_unknown(&b, request);
	return seal(&b, keys->crypto, unsigned_ ? NULL : keys->local.pwd);
}

/* --- reading ------------------------------------------------------------- */

/* Takes `text` and a colon away from the front of *name. */
static bool takes_front(altair_bytes *name, const char *text)
{
	size_t len = strlen(text);

	if (name->len <= len || memcmp(name->data, text, len) ||
	    name->data[len] != ':')
		return false;
	name->data += len + 1;
	name->len -= len + 1;
	return true;
}

bool air_check_is_for_us(const struct air_stun_message *request,
			 const struct air_check_keys *keys)
{
	struct air_stun_value name;

	return air_stun_message_get(request, AIR_STUN_USERNAME, &name) &&
	       takes_front(&name.bytes, keys->local.ufrag);
}

/* The peer's own fragment, once we know it. */
static bool is_from_peer(const struct air_stun_message *request,
			 const struct air_check_keys *keys)
{
	struct air_stun_value name;

	return air_stun_message_get(request, AIR_STUN_USERNAME, &name) &&
	       takes_front(&name.bytes, keys->local.ufrag) &&
	       (!keys->has_remote ||
		air_bytes_equal(name.bytes, air_text(keys->remote.ufrag)));
}

int air_check_judge(const struct air_stun_message *request,
		    const struct air_check_keys *keys)
{
	if (!air_stun_message_place(request, AIR_STUN_MESSAGE_INTEGRITY))
		return AIR_STUN_BAD_REQUEST; /* RFC 8489 9.1.3 */
	if (!is_from_peer(request, keys) ||
	    !air_stun_check_sha1(request, keys->crypto,
				 air_text(keys->local.pwd)))
		return AIR_STUN_UNAUTHENTICATED;
	if (request->unknown_count > 0)
		return AIR_STUN_UNKNOWN_ATTRIBUTE;
	if (!air_stun_message_place(request, AIR_STUN_PRIORITY))
		return AIR_STUN_BAD_REQUEST; /* RFC 8445 7.1.1: a MUST */
	return 0;
}

bool air_check_is_genuine(const struct air_stun_message *response,
			  const struct air_check_keys *keys)
{
	return keys->has_remote &&
	       air_stun_check_sha1(response, keys->crypto,
				   air_text(keys->remote.pwd));
}
