/* mailer.h - the loop of the mailer process: take a message that is due, hand it to the mail server, note what became of it. */
#ifndef DAICHO_NOTIFY_MAILER_H
#define DAICHO_NOTIFY_MAILER_H

#include "post/smtp.h"

struct mailer {
        struct smtp server;
        str from; /* mailbox */
        str host; /* right part of Message-IDs */
};

/* Until *stop. cx->db is the mailer's connection. */
void mailer_run(struct cx *cx, const struct mailer *mailer, const volatile bool *stop);

#endif
