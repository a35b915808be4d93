/*
 * Codes, "7-word-word": read as people type and paste them, written in one way. A list
 * of 4,096 words makes 12 bits of each, so three random bytes draw two words without
 * bias.
 */
#include "base/cursor.h"
#include "base/wipe.h"
#include "meet/words.h"

#include <string.h>

#define DIGITS_MAX 9
#define WORD_BITS 12

_Static_assert(ALTAIR_CODE_LIST == 1 << WORD_BITS, "each word has its bits");
_Static_assert(ALTAIR_CODE_WORDS == 2, "three random bytes");

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

/* --- looking up ---------------------------------------------------------- */

static int compare(const char *word, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (word[i] != text[i])
			return (uint8_t)word[i] < (uint8_t)text[i] ? -1 : 1;
	}
	return 0;
}

/* The number of the first word whose beginning is not before `text`; with `behind`
 * that is behind it. */
static size_t bound(const char *text, size_t len, bool behind)
{
	size_t low = 0, high = ALTAIR_CODE_LIST;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(air_words[middle], text, len);

		if (order < 0 || (behind && order == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t altair_code_complete(const char *prefix, size_t len, size_t *first)
{
	size_t cut = len <= AIR_WORD_TEXT ? len : AIR_WORD_TEXT;

	*first = bound(prefix, cut, false);
	return bound(prefix, cut, true) - *first;
}

const char *altair_code_word(size_t number)
{
	return number < ALTAIR_CODE_LIST ? air_words[number] : NULL;
}

/* The number of a word in small letters, or ALTAIR_CODE_LIST. */
static size_t find(const char *word)
{
	size_t len = strlen(word), first;

	/* With its NUL only the whole word is equal. */
	if (altair_code_complete(word, len + 1, &first) == 0)
		return ALTAIR_CODE_LIST;
	return first;
}

/* --- reading ------------------------------------------------------------- */

/* How many bytes of one separator are there: besides ASCII the dashes and the blank
 * that word processors make of it (U+00A0, U+2010 to U+2015, U+2212), in UTF-8. */
static size_t separator(const char *text)
{
	const uint8_t *b = (const uint8_t *)text;

	if (b[0] == ' ' || b[0] == '\t' || b[0] == '-' || b[0] == '_' ||
	    b[0] == '.' || b[0] == ',')
		return 1;
	if (b[0] == 0xc2 && b[1] == 0xa0)
		return 2;
	if (b[0] == 0xe2 && b[1] == 0x80 && b[2] >= 0x90 && b[2] <= 0x95)
		return 3;
	return b[0] == 0xe2 && b[1] == 0x88 && b[2] == 0x92 ? 3 : 0;
}

static const char *skip_separators(const char *at)
{
	size_t len;

	while ((len = separator(at)) > 0)
		at += len;
	return at;
}

static const char *skip_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')
		at++;
	return at;
}

/* NULL where no nameplate is. */
static const char *read_nameplate(const char *at, uint32_t *out)
{
	uint32_t value = 0;
	unsigned digits = 0;

	for (; is_digit(*at); at++) {
		if (++digits > DIGITS_MAX)
			return NULL;
		value = value * 10 + (uint32_t)(*at - '0');
	}
	*out = value;
	return value > 0 ? at : NULL;
}

/* Letters, NULL where there are none. `word` gets them as small ones; of one that is
 * too long for the list, it gets nothing. */
static const char *read_word(const char *at, char word[AIR_WORD_TEXT])
{
	size_t len = 0;

	memset(word, 0, AIR_WORD_TEXT);
	for (; is_letter(at[len]); len++) {
		if (len < AIR_WORD_MAX)
			word[len] = lower(at[len]);
	}
	if (len > AIR_WORD_MAX)
		word[0] = '\0';
	return len > 0 ? at + len : NULL;
}

int altair_code_parse(altair_code *out, const char *text)
{
	char words[ALTAIR_CODE_WORDS][AIR_WORD_TEXT];
	const char *at = skip_blanks(text);
	altair_code code;

	at = read_nameplate(at, &code.nameplate);
	for (size_t i = 0; i < ALTAIR_CODE_WORDS && at; i++)
		at = read_word(skip_separators(at), words[i]);
	if (!at || *skip_blanks(at))
		return ALTAIR_E_CODE;
	for (size_t i = 0; i < ALTAIR_CODE_WORDS; i++) {
		size_t number = find(words[i]);

		if (number == ALTAIR_CODE_LIST)
			return ALTAIR_E_NO_WORD;
		code.words[i] = (uint16_t)number;
	}
	*out = code;
	return 0;
}

static const char *skip_small_letters(const char *at)
{
	while (*at >= 'a' && *at <= 'z')
		at++;
	return at;
}

bool altair_code_looks(const char *text)
{
	const char *at = text, *word;

	while (is_digit(*at))
		at++;
	if (at == text)
		return false;
	for (size_t i = 0; i < ALTAIR_CODE_WORDS; i++) {
		if (*at != '-')
			return false;
		word = at + 1;
		at = skip_small_letters(word);
		if (at == word)
			return false;
	}
	return *at == '\0';
}

/* --- writing ------------------------------------------------------------- */

static bool has_words(const altair_code *code)
{
	for (size_t i = 0; i < ALTAIR_CODE_WORDS; i++) {
		if (code->words[i] >= ALTAIR_CODE_LIST)
			return false;
	}
	return true;
}

static int finish(struct air_writer *w)
{
	air_write_u8(w, '\0');
	return w->failed ? ALTAIR_E_SPACE : (int)w->len - 1;
}

static void write_words(struct air_writer *w, const altair_code *code)
{
	for (size_t i = 0; i < ALTAIR_CODE_WORDS; i++) {
		if (i > 0)
			air_write_u8(w, '-');
		air_write_bytes(w, air_text(air_words[code->words[i]]));
	}
}

int altair_code_secret(const altair_code *code, char *out, size_t cap)
{
	struct air_writer w = air_writer((uint8_t *)out, cap);

	if (!has_words(code))
		return ALTAIR_E_INVALID;
	write_words(&w, code);
	return finish(&w);
}

int altair_code_format(const altair_code *code, char *out, size_t cap)
{
	struct air_writer w = air_writer((uint8_t *)out, cap);
	uint32_t left = code->nameplate;
	uint8_t digits[DIGITS_MAX];
	size_t count = 0;

	if (!has_words(code) || left == 0 || left > ALTAIR_CODE_NAMEPLATE_MAX)
		return ALTAIR_E_INVALID;
	for (; left > 0; left /= 10)
		digits[count++] = (uint8_t)('0' + left % 10);
	while (count > 0)
		air_write_u8(&w, digits[--count]);
	air_write_u8(&w, '-');
	write_words(&w, code);
	return finish(&w);
}

int altair_code_draw(altair_code *code, const altair_crypto *crypto)
{
	uint8_t bytes[3];
	uint32_t bits;

	if (crypto->random(crypto->user, bytes, sizeof bytes) != 0)
		return ALTAIR_E_RANDOM;
	bits = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
	code->words[0] = (uint16_t)(bits >> WORD_BITS);
	code->words[1] = (uint16_t)(bits & (ALTAIR_CODE_LIST - 1));
	air_wipe(bytes, sizeof bytes);
	air_wipe(&bits, sizeof bits);
	return 0;
}
