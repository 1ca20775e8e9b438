-- Rooms that an operator named are kept for a while by every node that was told so, again and again.
alter table rooms add column kept_until timestamptz;

-- None of its columns is changed by an append, so that stays HOT.
create index rooms_public on rooms (room_id) where public and not gone;

create function is_kept(p_kept_until timestamptz) returns boolean language sql volatile
return coalesce(p_kept_until > clock_timestamp(), false);

-- Makes rooms that are not there, and lists and keeps them for p_ms. One that is being removed is left
-- alone: it can be made again when that is done. Locks them in the order of their ids, as an append does.
create function keep_rooms(p_ids uuid[], p_names text[], p_topics text[], p_ms float8)
returns void language plpgsql as $$
begin
  insert into rooms as r (room_id, name, topic, public, kept_until)
  select k.room_id, k.name, k.topic, true, clock_timestamp() + p_ms * interval '1 ms'
  from unnest(p_ids, p_names, p_topics) k (room_id, name, topic)
  order by k.room_id
  on conflict (room_id) do update
  set name = excluded.name, topic = excluded.topic, public = true, kept_until = excluded.kept_until
  where not r.gone;
end $$;

-- As before, but for rooms that are kept.
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
    select r.room_id, not r.gone and r.member_count = 0 and not is_kept(r.kept_until) and now_ms() >= room_end(
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
    where r.room_id = v_room and not r.gone and not is_kept(r.kept_until) and now_ms() >= room_end(
        r.last_seq, r.last_sent, r.created, r.ttl_ms, p_ttl_ms, p_unused_ttl_ms
      )
      and not exists (select from members m where m.room_id = v_room);
    if found then
      o_rooms := o_rooms + 1;
    end if;
  end loop;
end $$;
