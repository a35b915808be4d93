#include "punch/lead.h"

#include "punch/schedule.h"

#include <altair/punch.h>

/* In intervals, our own or the guide's program's, whichever is longer. */
#define DOUBT_INTERVALS 4
#define GUIDE_INTERVAL ALTAIR_MSEC(400)
#define DOUBT_PUNCHES (ALTAIR_PUNCHES_PER_ATTEMPT - 1)

struct air_lead air_lead(const altair_addr *remote, altair_time answer_until)
{
	return (struct air_lead){.remote = *remote,
				 .answer_until = answer_until,
				 .sent_at = ALTAIR_NEVER,
				 .sent_before = ALTAIR_NEVER,
				 .punched_at = ALTAIR_NEVER,
				 .punch_heard_at = ALTAIR_NEVER,
				 .ping_heard_at = ALTAIR_NEVER,
				 .doubt_until = ALTAIR_NEVER,
				 .answer_at = ALTAIR_NEVER,
				 .check_at = ALTAIR_NEVER};
}

/* True when `then` has been and is at least `wait` ago. */
static bool ago(altair_time now, altair_time then, altair_time wait)
{
	return then != ALTAIR_NEVER && now - then >= wait;
}

/* True when the last PUNCH of the peer is too near for its PING to be asked. */
static bool follows_punch(const struct air_lead *lead, altair_time now)
{
	return lead->punch_heard_at != ALTAIR_NEVER &&
	       now - lead->punch_heard_at < AIR_LEAD_BACK_TO_BACK;
}

/* A PING waits for silence; a PUNCH makes it wait anew, or in vain. */
static void doubt(struct air_lead *lead, altair_time now, altair_time interval)
{
	altair_time longer =
		interval > GUIDE_INTERVAL ? interval : GUIDE_INTERVAL;

	lead->doubt_until =
		lead->doubt_punches > DOUBT_PUNCHES
			? ALTAIR_NEVER
			: air_time_after(now, DOUBT_INTERVALS * longer);
}

bool air_lead_hears(struct air_lead *lead, altair_time now, enum air_word word,
		    altair_time interval)
{
	bool they_may_know = lead->sent_at != ALTAIR_NEVER;
	bool proof = word == WORD_PONG && they_may_know;

	if (word == WORD_PING) {
		proof = now < lead->answer_until && !follows_punch(lead, now);
		if (lead->ping_heard_at == ALTAIR_NEVER) {
			lead->ping_heard_at = now;
			doubt(lead, now, interval);
		}
	}
	if (word == WORD_PUNCH) {
		lead->punch_heard_at = now;
		if (lead->doubt_until != ALTAIR_NEVER) {
			lead->doubt_punches++;
			doubt(lead, now, interval);
		}
	}
	lead->is_heard = true;
	lead->check_at = air_time_after(now, interval);
	return proof;
}

void air_lead_sent(struct air_lead *lead, altair_time now, enum air_word word)
{
	if (lead->sent_at != now)
		lead->sent_before = lead->sent_at;
	lead->sent_at = now;
	if (word == WORD_PUNCH)
		lead->punched_at = now;
}

altair_time air_lead_round_trip(const struct air_lead *lead, altair_time now,
				altair_time interval)
{
	bool is_known = lead->sent_before == ALTAIR_NEVER ||
			ago(now, lead->sent_before, interval);

	return is_known && lead->sent_at != ALTAIR_NEVER ? now - lead->sent_at
							 : 0;
}

altair_time air_lead_deadline(const struct air_lead *lead)
{
	altair_time earliest = lead->doubt_until;

	if (lead->answer_at < earliest)
		earliest = lead->answer_at;
	return lead->check_at < earliest ? lead->check_at : earliest;
}
