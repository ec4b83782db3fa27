/* mapping.h - saved mappings of imports: which heading of a file is which item, and how the file is written, under a name. Own ones, or shared with all who may
 * import into the register. Headings are compared as headings of files are: width, case and spaces do not matter; nor does their order. */
#ifndef DAICHO_REGISTER_MAPPING_H
#define DAICHO_REGISTER_MAPPING_H

#include "register/definition.h"

enum { MAPPING_MAX = 100, MAPPING_NAME_MAX = 60, MAPPING_COLUMNS_MAX = 300, MAPPING_HEADING_MAX = 200 };

struct mapping_order {
        int64_t id, version; /* 0: a new one */
        str name;            /* absent: as it is */
        bool shared, shared_given;
        const json_t *columns;                   /* {heading: item or null}, each heading once; NULL: as they are */
        str encoding, separator, blank, refused; /* absent: as they are; "": whatever the file says, or the usual */
};

/* {register, mappings: [{id, version, name, owner, mine, shared, may_change, columns: [{heading, item, title, renamed, lost}], encoding, separator, blank, refused,
 * updated_at}]}: item is its name now; renamed: the name it had when the mapping was saved; lost: the register has it no more. RC_FORBIDDEN for masked accounts. */
rc mapping_list(struct cx *cx, str register_name, json_t **ret) MUST_USE;
/* {register, mapping}. RC_UNKNOWN. */
rc mapping_get(struct cx *cx, str register_name, int64_t id, json_t **ret) MUST_USE;
rc mapping_save(struct cx *cx, str register_name, const struct mapping_order *order, int64_t *ret_id) MUST_USE;
rc mapping_erase(struct cx *cx, str register_name, int64_t id, int64_t version) MUST_USE;

/* For the import: the mapping as mapping_list() shows it. wanted "auto": the newest one made for exactly these headings, own ones first, or NULL; a number: that one,
 * RC_UNKNOWN. */
rc mapping_find(struct cx *cx, const struct definition *def, str wanted, const str *headings, size_t count, json_t **ret) MUST_USE;
/* What a heading is by it: false: it does not know the heading; *ret NULL: to be left out. */
bool mapping_column(struct cx *cx, const struct definition *def, const json_t *mapping, str heading, const struct item **ret);

#endif
