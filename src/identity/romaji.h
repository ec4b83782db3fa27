/* romaji.h - one spelling of Japanese, however it was typed: さくら, サクラ, ｻｸﾗ and "Sakura" become "sakura"; shinjuku, sinzyuku and しんじゅく one word.
 * For comparing what somebody typed with words that are guessed; not a transliteration for people. */
#ifndef DAICHO_IDENTITY_ROMAJI_H
#define DAICHO_IDENTITY_ROMAJI_H

#include "base/arena.h"
#include "base/str.h"

/* s: valid UTF-8. ASCII out: small letters, digits and signs. Kana become syllables (Nihon-shiki), Hepburn spellings too; long vowels and doubled letters
 * become short; what is neither ASCII nor kana becomes two letters that depend on the character, about as hard to guess as it. */
str romaji_fold(struct arena *mem, str s);

#endif
