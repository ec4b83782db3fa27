/* message.h - one plain-text message in Internet form (RFC 5322, MIME: RFC 2045 to 2047), by GMime. The only file that knows it. */
#ifndef DAICHO_POST_MESSAGE_H
#define DAICHO_POST_MESSAGE_H

#include "base/cx.h"

enum { MESSAGE_ADDRESS_MAX = 254, MESSAGE_SUBJECT_MAX = 300, MESSAGE_BODY_MAX = 64 * 1024 };

/* Can a letter be sent there? One mailbox without name: local part and domain, ASCII, no white space, nothing that could begin another header. */
bool message_address_valid(str address);

struct message {
        str from;      /* mailbox */
        str from_name; /* shown beside it; absent: none */
        str to;        /* mailbox */
        str subject;   /* UTF-8, one line */
        str body;      /* UTF-8, lines end with LF */
        str id;        /* left part of the Message-ID: the same message sent twice has the same */
        str host;      /* right part */
        msec date;
};

/* The bytes to send, lines ended by CRLF; auto-generated (RFC 3834). RC_INVALID for an address that is none and for a subject of several lines. */
rc message_write(struct cx *cx, const struct message *m, str *ret) MUST_USE;

#endif
