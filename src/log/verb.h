/* verb.h - what an operation-log entry says was done. */
#ifndef DAICHO_LOG_VERB_H
#define DAICHO_LOG_VERB_H

enum log_verb {
#define VERB(name, word) LOG_##name,
#include "log/verb.tbl"
#undef VERB
        LOG_VERBS
};

const char *log_verb_word(enum log_verb verb);

#endif
