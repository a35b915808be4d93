/*
 * A description: what one side tells the other, as the attribute lines of RFC
 * 8839 5. We write CRLF and read LF as well. Lines that we do not know are
 * skipped, so that a whole SDP of one component may be given.
 *
 * A text is read twice: the first time only to judge it, so that one which is
 * refused has changed nothing. "ice-pacing" (RFC 8839 5.5) is not obeyed: our Ta
 * is our configuration's.
 */
#include "ice/session.h"

#include "base/cursor.h"

#include <string.h>

/* The longest line that is looked at in whole. Of a candidate all but unknown
 * extensions lies before this (RFC 8839 5.1). */
#define LINE_MAX 511

/* --- writing ------------------------------------------------------------- */

static void put(struct air_writer *w, const char *text)
{
	air_write_bytes(w, air_text(text));
}

static void put_line(struct air_writer *w, const char *name, const char *value)
{
	put(w, "a=");
	put(w, name);
	put(w, value);
	put(w, "\r\n");
}

static void put_candidates(struct air_writer *w, const struct altair_agent *a)
{
	char text[ALTAIR_CANDIDATE_TEXT];

	for (uint32_t i = 0; i < a->list.locals_count; i++) {
		if (!air_gather_is_told(a, i))
			continue;
		air_candidate_format(&a->list.locals[i], text, sizeof text);
		put_line(w, text, "");
	}
}

int altair_agent_describe(const altair_agent *a, char *out, size_t cap)
{
	struct air_writer w = air_writer((uint8_t *)out, cap);

	put_line(&w, "ice-ufrag:", altair_agent_ufrag(a));
	put_line(&w, "ice-pwd:", altair_agent_pwd(a));
	put_line(&w, "ice-options:", "ice2 trickle");
	if (a->config.lite)
		put_line(&w, "ice-lite", "");
	if (a->discover)
		put_candidates(&w, a);
	if (a->is_local_ended)
		put_line(&w, "end-of-candidates", "");
	air_write_u8(&w, '\0');
	return w.failed ? ALTAIR_E_SPACE : (int)w.len - 1;
}

/* --- reading ------------------------------------------------------------- */

/* What the first reading found. */
struct description {
	char ufrag[AIR_CREDENTIAL_MAX + 1], pwd[AIR_CREDENTIAL_MAX + 1];
	struct air_credentials remote; /* of these two                   */
	bool is_known; /* there is a line of ours besides the credentials */
	bool trickles, has_ended, is_lite;
};

/* Takes the next line off *text; without its end, and cut. */
static void next_line(const char **text, char line[LINE_MAX + 1])
{
	size_t len = 0, kept;

	while ((*text)[len] && (*text)[len] != '\n')
		len++;
	kept = len < LINE_MAX ? len : LINE_MAX;
	memcpy(line, *text, kept);
	while (kept > 0 && (line[kept - 1] == '\r' || line[kept - 1] == ' '))
		kept--;
	line[kept] = '\0';
	*text += len + ((*text)[len] == '\n');
}

/* What follows `name` in an attribute line; NULL if it is another one. */
static const char *value_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	if (strlen(line) < len + 2 || memcmp(line, "a=", 2) != 0 ||
	    memcmp(line + 2, name, len) != 0)
		return NULL;
	return line + 2 + len;
}

/* The same value again is harmless; which of two different ones is meant cannot
 * be known. */
static int take_credential(char kept[AIR_CREDENTIAL_MAX + 1], const char *value)
{
	size_t len = strlen(value);

	if (len == 0 || len > AIR_CREDENTIAL_MAX ||
	    (kept[0] && !air_bytes_equal(air_text(kept), air_text(value))))
		return ALTAIR_E_SYNTAX;
	memcpy(kept, value, len + 1);
	return 0;
}

/* RFC 8839 5.6: a list of words. */
static bool has_option(const char *list, const char *option)
{
	altair_bytes want = air_text(option), word;

	while (*list) {
		word.data = (const uint8_t *)list;
		for (word.len = 0; *list && *list != ' '; word.len++)
			list++;
		if (air_bytes_equal(word, want))
			return true;
		list += *list == ' ';
	}
	return false;
}

static bool is_flag(const char *line, const char *name)
{
	const char *value = value_of(line, name);

	return value && !*value;
}

/* Judges a line; one that lists a candidate of no use to us is right. */
static int judge_line(struct description *d, const char *line)
{
	struct air_candidate c;
	const char *value;

	if ((value = value_of(line, "ice-ufrag:")) != NULL)
		return take_credential(d->ufrag, value);
	if ((value = value_of(line, "ice-pwd:")) != NULL)
		return take_credential(d->pwd, value);
	if ((value = value_of(line, "ice-options:")) != NULL)
		d->trickles |= has_option(value, "trickle");
	if (value_of(line, "candidate:")) {
		d->is_known = true;
		if (air_candidate_parse(&c, line + 2) == ALTAIR_E_SYNTAX)
			return ALTAIR_E_SYNTAX;
	}
	d->is_lite |= is_flag(line, "ice-lite");
	if (is_flag(line, "end-of-candidates"))
		d->is_known = d->has_ended = true;
	return 0;
}

static int judge(struct description *d, const char *text)
{
	char line[LINE_MAX + 1];
	int error = 0;

	memset(d, 0, sizeof *d);
	while (*text && error == 0) {
		next_line(&text, line);
		error = judge_line(d, line);
	}
	if (error == 0 && (d->ufrag[0] || d->pwd[0]))
		return air_credentials_read(&d->remote, d->ufrag, d->pwd);
	return error == 0 && !d->is_known ? ALTAIR_E_SYNTAX : error;
}

/* Credentials that are new begin a description; others belong to a part of one,
 * which says nothing by what it leaves out. */
static int take_credentials(struct altair_agent *a, altair_time now,
			    const struct description *d, bool is_new)
{
	int error;

	if (!is_new)
		return air_state_is_over(a) ? ALTAIR_E_STATE : 0;
	if (d->is_lite && a->config.lite)
		return ALTAIR_E_STATE;
	error = air_generation_remote(a, now, &d->remote);
	if (error)
		return error;
	air_lite_set_remote(a, d->is_lite);
	/* They are known by now: what follows from them is done. */
	return altair_agent_remote(a, now, d->ufrag, d->pwd);
}

int altair_agent_accept(altair_agent *a, altair_time now, const char *text)
{
	char line[LINE_MAX + 1];
	struct description d;
	bool is_new;
	int error;

	if (altair_agent_state(a) == ALTAIR_AGENT_CLOSED)
		return ALTAIR_E_STATE;
	if (strlen(text) > ALTAIR_AGENT_DESCRIPTION_MAX)
		return ALTAIR_E_TOO_LONG;
	error = judge(&d, text);
	if (error)
		return error;
	is_new = d.ufrag[0] && !air_generation_knows(a, &d.remote);
	error = take_credentials(a, now, &d, is_new);
	if (error)
		return error;
	while (*text) {
		next_line(&text, line);
		if (value_of(line, "candidate:"))
			(void)altair_agent_add_remote(a, now, line + 2);
	}
	/* RFC 8838 5: without the option all candidates stand here. */
	if (d.has_ended || (is_new && !d.trickles))
		altair_agent_end_of_candidates(a, now);
	return 0;
}
