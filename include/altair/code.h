/*
 * altair/code.h - codes that people read to each other: "7-word-word". The number is
 * public, a server knows it (the nameplate); the words are the secret, 24 bits of two
 * words out of 4,096, and never leave the two hosts.
 *
 * The words are sorted, [a-z]{3,8}, and different in their first five letters.
 */
#ifndef ALTAIR_CODE_H
#define ALTAIR_CODE_H

#include <altair/crypto.h>
#include <altair/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ALTAIR_CODE_LIST 4096 /* words there are      */
#define ALTAIR_CODE_WORDS 2   /* words of them in one */

/* The largest nameplate. */
#define ALTAIR_CODE_NAMEPLATE_MAX 999999999u

/* Room for any text that altair_code_format writes, its NUL included. */
#define ALTAIR_CODE_TEXT 32

typedef struct altair_code {
	uint32_t nameplate;		   /* 1 to ALTAIR_CODE_NAMEPLATE_MAX */
	uint16_t words[ALTAIR_CODE_WORDS]; /* below ALTAIR_CODE_LIST         */
} altair_code;

/*
 * Reads a code as people type it: upper and lower case, and between the parts any of
 * blanks, tabs, "-", "_", "." and ","; blanks and a line's end around it. Returns 0,
 * ALTAIR_E_CODE (no number and two words), or ALTAIR_E_NO_WORD (a word that is not in
 * the list); then *out is untouched.
 */
ALTAIR_API int altair_code_parse(altair_code *out, const char *text);

/* Whether the text has the form of a code, exactly ^[0-9]+-[a-z]+-[a-z]+$, whatever
 * the words: so no name of a peer may look. */
ALTAIR_API bool altair_code_looks(const char *text);

/* Writes "7-word-word". Returns the length without the NUL, ALTAIR_E_INVALID (a
 * number or word that there is not), or ALTAIR_E_SPACE (ALTAIR_CODE_TEXT always
 * suffices). */
ALTAIR_API int altair_code_format(const altair_code *code, char *out,
				  size_t cap);

/* The same without the number, "word-word": the secret part, for altair/meet.h. */
ALTAIR_API int altair_code_secret(const altair_code *code, char *out,
				  size_t cap);

/* Draws the words anew, each equally likely; the nameplate stays. Needs `random`. 0,
 * or ALTAIR_E_RANDOM. */
ALTAIR_API int altair_code_draw(altair_code *code, const altair_crypto *crypto);

/* Word `number` of the list, which is sorted; NULL from ALTAIR_CODE_LIST on. */
ALTAIR_API const char *altair_code_word(size_t number);

/* How many words begin with these `len` letters (small ones); *first is the number of
 * the first of them, and the others follow it. All of them for len 0. */
ALTAIR_API size_t altair_code_complete(const char *prefix, size_t len,
				       size_t *first);

#ifdef __cplusplus
}
#endif
#endif
