/* vault.h - the keys contracts' backups are encrypted with: DIR/secret/backup/CONTRACT.key, one each (cli/snapshot.c makes them). Here they only end: with
 * the contract, in the same act. A process that erases contracts may write over and remove these files, and read none (cli/sandbox.c). */
#ifndef DAICHO_TENANT_VAULT_H
#define DAICHO_TENANT_VAULT_H

#include "base/cx.h"

/* DIR/secret/backup. Set once, at the start of a process that erases contracts; without it there are no keys. */
void vault_start(const char *directory);
/* Written over, removed, and the directory synced: what was encrypted with it is nothing from now on. RC_OK as well when there is none. */
rc vault_destroy(struct cx *cx, str tenant) MUST_USE;

#endif
