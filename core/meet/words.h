/* The list of words, as altair/code.h has it. */
#ifndef AIR_WORDS_H
#define AIR_WORDS_H

#include <altair/code.h>

#define AIR_WORD_MAX 8 /* letters */
#define AIR_WORD_TEXT (AIR_WORD_MAX + 1)

extern const char air_words[ALTAIR_CODE_LIST][AIR_WORD_TEXT];

#endif
