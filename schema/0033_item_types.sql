-- More types of items: what the search column of a register takes of them.
--
-- Why: a generated column takes immutable functions only, and array_to_string() is not one for arrays of any type; for texts it is.

-- daicho.choices_text(text[]) -> text
-- The values an item of type choices holds, parted by U+001F like items, so that no word reaches from one into the next.
create function daicho.choices_text(x text[]) returns text
language sql immutable strict parallel safe as $$
    select array_to_string(x, E'\x1f');
$$;
