/* item_account.h - items of type account: who of the contract. The number of the account is stored; people see the name, files hold the log-in name.
 * An account that was removed keeps its name here: values stay, and nobody new is given it by the picker. */
#ifndef DAICHO_REGISTER_ITEM_ACCOUNT_H
#define DAICHO_REGISTER_ITEM_ACCOUNT_H

#include "register/item.h"

/* As item_read(): "#12" and "12" are a number, anything else a log-in name - the caller looks it up. */
enum item_reason item_account_read(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;
/* What was read to the number as stored, and the name people see (NULL: not wanted). RC_INVALID about `path`: there is no such account. */
rc item_account_find(struct cx *cx, const char *path, str text, str *ret, str *ret_name) MUST_USE;

bool item_account_any(const struct definition *def);
/* Numbers in models of records (or in `old` and `new` of a list of changes, item named by `item`) become {id, heading}. */
rc item_account_name(struct cx *cx, const struct definition *def, json_t *const *models, size_t count) MUST_USE;
rc item_account_name_changes(struct cx *cx, const struct definition *def, json_t *changes) MUST_USE;
/* Names by number: {"12": "佐藤 花子"}; who is unknown is not in it. */
rc item_account_names(struct cx *cx, const str *ids, size_t count, json_t **ret) MUST_USE;
/* Who may be picked: [{value, title}] by name. */
rc item_account_options(struct cx *cx, json_t **ret) MUST_USE;

#endif
