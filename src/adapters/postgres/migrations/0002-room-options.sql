-- What its creator says of a room. `capacity` null: as many members as a node lets in. `ttl_ms` null: as
-- long as the others. `hidden` counts the rows of its log that are no message to plain members.
-- Columns with a constant default are added without a rewrite; a node of an older version leaves them be.
alter table rooms
  add column topic text not null default '',
  add column capacity integer,
  add column public boolean not null default false,
  add column locked boolean not null default false,
  add column slow_ms integer not null default 0,
  add column ttl_ms bigint,
  add column owner_hash bytea,
  add column hidden bigint not null default 0;

-- When a room ends if nobody joins it, in milliseconds since the Unix epoch. Its own lifetime counts where
-- it is shorter than the one of all.
create function room_end(
  p_last_seq bigint, p_last_sent bigint, p_created timestamptz, p_own_ttl_ms bigint,
  p_ttl_ms float8, p_unused_ttl_ms float8
) returns float8 language sql immutable
return case
  when p_last_seq = 0
    then extract(epoch from p_created)::float8 * 1000 + least(p_unused_ttl_ms, p_own_ttl_ms)
  else p_last_sent + least(p_ttl_ms, p_own_ttl_ms)
end;

create or replace function expire_rooms(
  p_after uuid, p_limit int, p_ttl_ms float8, p_unused_ttl_ms float8, out o_rooms int, out o_last uuid
) language plpgsql as $$
declare
  v_rooms uuid[];
  v_room uuid;
begin
  select
    array_agg(c.room_id order by c.room_id) filter (where c.past),
    (array_agg(c.room_id order by c.room_id))[p_limit]
  into v_rooms, o_last
  from (
    select r.room_id, not r.gone and r.member_count = 0 and now_ms() >= room_end(
      r.last_seq, r.last_sent, r.created, r.ttl_ms, p_ttl_ms, p_unused_ttl_ms
    ) as past
    from rooms r where r.room_id > p_after
    order by r.room_id limit p_limit
  ) c;
  o_rooms := 0;
  foreach v_room in array coalesce(v_rooms, '{}') loop
    perform from rooms where room_id = v_room for no key update skip locked;
    continue when not found;

    -- Again, after the lock: a join may have been there first. One that waits finds the mark.
    update rooms r set gone = true
    where r.room_id = v_room and not r.gone and now_ms() >= room_end(
        r.last_seq, r.last_sent, r.created, r.ttl_ms, p_ttl_ms, p_unused_ttl_ms
      )
      and not exists (select from members m where m.room_id = v_room);
    if found then
      o_rooms := o_rooms + 1;
    end if;
  end loop;
end $$;
