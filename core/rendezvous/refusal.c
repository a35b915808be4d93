/* Why a rendezvous server refuses: the codes of docs/rendezvous.md, and what a
 * user is told. */
#include <altair/note.h>

static const struct {
	const char *code, *sentence;
} refusals[] = {
	[ALTAIR_REFUSED_NOT] = {"?", "nothing was refused"},
	[ALTAIR_REFUSED_NO_SUCH_NAMEPLATE] =
		{"no-such-nameplate",
		 "nobody waits with this code at this server"},
	[ALTAIR_REFUSED_USED] = {"used", "this code has been used; "
					 "every code is good for one try"},
	[ALTAIR_REFUSED_EXPIRED] = {"expired", "this code has expired, "
					       "or who made it has left"},
	[ALTAIR_REFUSED_LIMIT] = {"limit",
				  "the server has had too many requests "
				  "from this network"},
	[ALTAIR_REFUSED_ABSENT] = {"absent",
				   "the peer is not at this server now"},
	[ALTAIR_REFUSED_NOT_ALLOWED] = {"not-allowed",
					"the server does not allow it"},
	[ALTAIR_REFUSED_INVALID] = {"invalid",
				    "the server does not understand it"},
	[ALTAIR_REFUSED_BUSY] = {"busy", "the server is busy"},
};

#define REFUSALS (sizeof refusals / sizeof refusals[0])

static size_t index_of(enum altair_refusal refusal)
{
	return (size_t)refusal < REFUSALS ? (size_t)refusal : 0;
}

const char *altair_refusal_code(enum altair_refusal refusal)
{
	return refusals[index_of(refusal)].code;
}

const char *altair_refusal_sentence(enum altair_refusal refusal)
{
	return refusals[index_of(refusal)].sentence;
}
