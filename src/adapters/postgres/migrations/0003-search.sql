-- Search goes by words (src/ports/words.ts), which are taken from the texts behind an append, in whole
-- segments: the rows with seqs segment * 2048 + 1 to segment * 2048 + 2048. What is not in a segment yet
-- is looked through.

-- How many segments of a room's log are indexed: 0 to segments - 1. Its row is the lock of all below.
create table searched (
  room_id uuid primary key,
  segments integer not null default 0
);

-- `places`: which rows of the segment have the word, by seq - segment * 2048 - 1. Long words are cut.
create table search_words (
  room_id uuid not null,
  segment integer not null,
  word text collate "C" not null,
  places smallint[] not null,
  primary key (room_id, segment, word)
);

-- Messages of any segment that are looked at one by one: their text was changed, or has too many words.
create table search_apart (
  room_id uuid not null,
  seq bigint not null,
  primary key (room_id, seq)
);

-- Indexes the next segment of a room, unless someone else was faster or the room is gone.
--   p_places   per word, an array of places as text
--   p_apart    seqs of messages whose words are not among them
create function index_segment(
  p_room uuid, p_segment int, p_words text[], p_places text[], p_apart bigint[]
) returns void language plpgsql set enable_seqscan = off as $$
declare
  v_changed smallint[];
begin
  -- Whoever removes the room waits for this, or this finds no room. An append does not wait for it.
  perform from rooms where room_id = p_room and not gone for key share;
  if not found then
    return;
  end if;
  insert into searched (room_id) values (p_room) on conflict do nothing;
  perform from searched where room_id = p_room and segments = p_segment for update;
  if not found then
    return;
  end if;

  -- After the lock: these texts were changed since they were read.
  select array_agg((a.seq - p_segment * 2048::bigint - 1)::smallint) into v_changed
  from search_apart a
  where a.room_id = p_room
    and a.seq between p_segment * 2048::bigint + 1 and p_segment * 2048::bigint + 2048;

  if v_changed is null then
    insert into search_words (room_id, segment, word, places)
    select p_room, p_segment, w.word, w.places::smallint[] from unnest(p_words, p_places) w (word, places);
  else
    insert into search_words (room_id, segment, word, places)
    select p_room, p_segment, w.word, p.places from unnest(p_words, p_places) w (word, places)
    cross join lateral (
      select array_agg(place) as places from unnest(w.places::smallint[]) place
      where place <> all (v_changed)
    ) p where p.places is not null;
  end if;
  insert into search_apart (room_id, seq) select p_room, seq from unnest(p_apart) seq
  on conflict do nothing;
  update searched set segments = p_segment + 1 where room_id = p_room;
end $$;

-- No word of a text is kept that is not there any more.
create function forget_words() returns trigger language plpgsql set enable_seqscan = off as $$
declare
  v_segment int := (new.seq - 1) / 2048;
  v_place smallint := (new.seq - 1) % 2048;
begin
  insert into searched (room_id) values (new.room_id) on conflict do nothing;
  -- Waits for an index_segment that has read the old text; a later one finds the row in search_apart.
  perform from searched where room_id = new.room_id for update;
  insert into search_apart (room_id, seq) values (new.room_id, new.seq) on conflict do nothing;
  delete from search_words w
  where w.room_id = new.room_id and w.segment = v_segment and w.places = array[v_place];
  update search_words w set places = array_remove(w.places, v_place)
  where w.room_id = new.room_id and w.segment = v_segment and v_place = any (w.places);
  return null;
end $$;

create trigger log_changed after update of message on log
for each row when (old.message is distinct from new.message) execute function forget_words();

-- The planner knows nothing of these tables at first, and of `like` it expects little: it is told to go
-- along the indexes.
--
-- The seqs from p_low to p_high of chats that may have all these words, the highest (p_backwards) or
-- lowest first, at most p_limit. Whether they have is for the caller to find out: not indexed texts are
-- looked at superficially unless they are ASCII, indexed words may be cut.
--   p_words      the beginnings of words, cut like those that are stored
--   p_likes      patterns for `like` that a lower-case ASCII text with these words fits,
--   p_regexes    and regular expressions; slower, and true only for such a text
create function search_seqs(
  p_room uuid, p_words text[], p_likes text[], p_regexes text[],
  p_low bigint, p_high bigint, p_backwards boolean, p_limit int
) returns setof bigint language plpgsql set enable_seqscan = off
  set enable_bitmapscan = off
  set enable_sort = off
  -- What cannot do without one of these looks expensive then.
  set jit = off
as $$
declare
  -- The last seq that is indexed.
  v_edge bigint;
  v_apart boolean;
  v_left int := p_limit;
  v_rows int;
  v_segment int;
  v_last int;
  v_step int := case when p_backwards then -1 else 1 end;
  v_low bigint;
  v_high bigint;
  v_all boolean;
  v_word text;
  v_places smallint[];
begin
  v_edge := coalesce((select s.segments * 2048::bigint from searched s where s.room_id = p_room), 0);
  v_apart := exists (select from search_apart a where a.room_id = p_room);

  if p_backwards and p_high > v_edge then
    return query
      select l.seq from log l
      where l.room_id = p_room and l.seq between greatest(p_low, v_edge + 1) and p_high
        and l.type = 'chat' and (
          octet_length(l.message) <> char_length(l.message)
          or lower(l.message collate "C") like all (p_likes)
          and lower(l.message collate "C") ~ all (p_regexes)
        )
      order by l.seq desc limit v_left;
    get diagnostics v_rows = row_count;
    v_left := v_left - v_rows;
  end if;

  if p_low <= v_edge and p_low <= p_high then
    v_segment := case when p_backwards then least(p_high, v_edge) - 1 else p_low - 1 end / 2048;
    v_last := case when p_backwards then p_low - 1 else least(p_high, v_edge) - 1 end / 2048;
    while v_left > 0 and (v_last - v_segment) * v_step >= 0 loop
      v_places := null;
      -- To put words together takes long: only where each of them is.
      v_all := true;
      if cardinality(p_words) > 1 then
        foreach v_word in array p_words loop
          perform from search_words w
          where w.room_id = p_room and w.segment = v_segment
            and w.word >= v_word and w.word < v_word || U&'\+10FFFF'
          limit 1;
          v_all := found;
          exit when not v_all;
        end loop;
      end if;
      foreach v_word in array case when v_all then p_words else '{}' end loop
        if v_places is null then
          select array_agg(distinct place) into v_places
          from search_words w cross join unnest(w.places) place
          where w.room_id = p_room and w.segment = v_segment
            and w.word >= v_word and w.word < v_word || U&'\+10FFFF';
        else
          select array_agg(place) into v_places from (
            select place from unnest(v_places) place
            intersect
            select place from search_words w cross join unnest(w.places) place
            where w.room_id = p_room and w.segment = v_segment
              and w.word >= v_word and w.word < v_word || U&'\+10FFFF'
          ) both_have;
        end if;
        exit when v_places is null;
      end loop;

      if v_places is not null or v_apart then
        v_low := greatest(p_low, v_segment * 2048::bigint + 1);
        v_high := least(p_high, v_segment * 2048::bigint + 2048);
        return query
          select c.seq from (
            select v_segment * 2048::bigint + 1 + place as seq from unnest(v_places) place
            union
            select a.seq from search_apart a
            where v_apart and a.room_id = p_room and a.seq between v_low and v_high
          ) c
          where c.seq between v_low and v_high
          order by c.seq * v_step limit v_left;
        get diagnostics v_rows = row_count;
        v_left := v_left - v_rows;
      end if;
      v_segment := v_segment + v_step;
    end loop;
  end if;

  if not p_backwards and v_left > 0 and p_high > v_edge then
    return query
      select l.seq from log l
      where l.room_id = p_room and l.seq between greatest(p_low, v_edge + 1) and p_high
        and l.type = 'chat' and (
          octet_length(l.message) <> char_length(l.message)
          or lower(l.message collate "C") like all (p_likes)
          and lower(l.message collate "C") ~ all (p_regexes)
        )
      order by l.seq limit v_left;
  end if;
end $$;

-- As before, and with the log what was indexed of it.
create or replace function remove_gone_rooms(p_limit int) returns int language plpgsql as $$
declare
  v_rooms uuid[];
  v_room uuid;
  v_removed int;
  v_words int;
begin
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
    delete from rooms where room_id = v_room;
  end loop;
  return v_removed + v_words + coalesce(cardinality(v_rooms), 0);
end $$;
