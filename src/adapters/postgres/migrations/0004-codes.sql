-- Six digits that lead to a room. `uses` null: as often as wanted. A code that is used up keeps its digits
-- until it expires.
create table codes (
  code text primary key,
  room_id uuid not null,
  expires timestamptz not null,
  uses integer
);
create index codes_room on codes (room_id);
create index codes_expires on codes (expires);

-- The one budget of wrong guesses for all nodes, as a token bucket. Its row is the lock of all codes: it is
-- taken after that of a room and before any of a code.
create table code_guesses (
  tokens float8 not null,
  refilled timestamptz not null
);
insert into code_guesses values ('infinity', clock_timestamp());

-- o_result: 'made', 'taken' (another code has these digits), 'room_full' (it has p_most_of_room codes),
-- 'full' (there are p_most in all), or null when there is no such room.
create function make_code(
  p_room uuid, p_code text, p_ttl_ms float8, p_uses int, p_most_of_room int, p_most int,
  out o_result text, out o_expires bigint
) language plpgsql as $$
declare
  v_expires timestamptz;
begin
  perform from rooms where room_id = p_room and not gone for key share;
  if not found then
    return;
  end if;
  perform from code_guesses for update;
  delete from codes where expires <= clock_timestamp();
  if (select count(*) from codes where room_id = p_room) >= p_most_of_room then
    o_result := 'room_full';
  elsif (select count(*) from codes) >= p_most then
    o_result := 'full';
  else
    v_expires := date_trunc('milliseconds', clock_timestamp() + p_ttl_ms * interval '1 ms');
    insert into codes (code, room_id, expires, uses) values (p_code, p_room, v_expires, p_uses)
    on conflict do nothing;
    o_result := case when found then 'made' else 'taken' end;
    o_expires := round(extract(epoch from v_expires) * 1000);
  end if;
end $$;

-- Uses a code once. Only a wrong one costs a token, and with less than one token nothing is looked up:
-- then o_wait_ms tells how long until there is one. o_room null: there is no such code.
create function take_code(
  p_code text, p_burst float8, p_per_second float8,
  out o_wait_ms float8, out o_room uuid, out o_name text
) language plpgsql as $$
declare
  v_tokens float8;
begin
  select least(p_burst, g.tokens + extract(epoch from clock_timestamp() - g.refilled) * p_per_second)
  into v_tokens
  from code_guesses g for update;
  if v_tokens < 1 then
    o_wait_ms := (1 - v_tokens) / p_per_second * 1000;
    return;
  end if;

  -- By its number of uses now: whoever came first has committed before the lock was free.
  update codes c set uses = c.uses - 1
  from rooms r
  where c.code = p_code and c.expires > clock_timestamp() and (c.uses is null or c.uses > 0)
    and r.room_id = c.room_id and not r.gone
  returning r.room_id, r.name into o_room, o_name;
  update code_guesses
  set tokens = v_tokens - case when o_room is null then 1 else 0 end, refilled = clock_timestamp();
end $$;

-- As before, and codes that are over, and those of the rooms.
create or replace function remove_gone_rooms(p_limit int) returns int language plpgsql as $$
declare
  v_rooms uuid[];
  v_room uuid;
  v_removed int;
  v_words int;
begin
  delete from codes where code in (
    select code from codes where expires <= clock_timestamp() for update skip locked
  );
  select array_agg(g.room_id) into v_rooms from (
    select room_id from rooms where gone order by room_id limit p_limit for update skip locked
  ) g;

  delete from log where ctid = any (array(
    select l.place from unnest(v_rooms) g (room_id)
    cross join lateral (
      select ctid as place from log where room_id = g.room_id order by seq limit p_limit
    ) l limit p_limit
  ));
  get diagnostics v_removed = row_count;
  if v_removed = p_limit then
    return v_removed;
  end if;

  delete from search_words where ctid = any (array(
    select w.place from unnest(v_rooms) g (room_id)
    cross join lateral (
      select ctid as place from search_words where room_id = g.room_id
      order by segment, word limit p_limit
    ) w limit p_limit
  ));
  get diagnostics v_words = row_count;
  if v_words = p_limit then
    return v_words;
  end if;

  foreach v_room in array coalesce(v_rooms, '{}') loop
    -- A room that was marked by someone else can have members.
    delete from members where room_id = v_room;
    delete from search_apart where room_id = v_room;
    delete from searched where room_id = v_room;
    delete from codes where room_id = v_room;
    delete from rooms where room_id = v_room;
  end loop;
  return v_removed + v_words + coalesce(cardinality(v_rooms), 0);
end $$;
