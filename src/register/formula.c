/* formula.c - see formula.h. */
#include "base/house.h"

#include "register/formula.h"

static bool begins(str s)
{
        static const char *const wide[] = { "＝", "＋", "－", "＠" };

        if (s.n == 0)
                return false;
        if (s.p[0] == '=' || s.p[0] == '+' || s.p[0] == '-' || s.p[0] == '@' || s.p[0] == '\t' || s.p[0] == '\r')
                return true;
        for (size_t i = 0; i < COUNT(wide) && s.p[0] == '\xef'; i++)
                if (str_starts(s, str_of(wide[i])))
                        return true;
        return false;
}

bool formula_like(str cell)
{
        while (cell.n > 0 && cell.p[0] == '\'')
                cell = (str){ cell.p + 1, cell.n - 1 };
        return begins(cell);
}

str formula_bare(str cell)
{
        if (cell.n > 1 && cell.p[0] == '\'' && formula_like(cell))
                return (str){ cell.p + 1, cell.n - 1 };
        return cell;
}
