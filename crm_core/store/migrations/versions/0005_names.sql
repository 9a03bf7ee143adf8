-- A name as it sounds, in whichever alphabet it was written: Әйгерім, Айгерим and Aigerim are one. What was typed so far
-- of a name is the beginning of its key, so letters become letters one by one wherever that is enough.

CREATE FUNCTION key_of_name(name TEXT) RETURNS TEXT
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
  AS $$
  DECLARE
    key TEXT := translate(
      lower(name),
      'ёєэәғґқңөұүўһіїйыщäâáàãåāąéèêëēęěíîïıīñńňóôòõöøōúûüùūýÿçčćşšśğžźżłđ' || 'ъьʼ’‘''`´',
      'еееаггкноууухииииш' || 'aaaaaaaaeeeeeeeiiiiinnnooooooouuuuuyyчччшшшгжззлд');
    pair TEXT[];
  BEGIN
    FOREACH pair SLICE 1 IN ARRAY ARRAY[
      ['shch', 'ш'], ['sch', 'ш'], ['sh', 'ш'], ['ch', 'ч'], ['zh', 'ж'], ['kh', 'х'], ['ph', 'ф'], ['th', 'т'],
      ['ye', 'е'], ['yo', 'е'], ['x', 'кс'], ['ß', 'сс'], ['ц', 'тс'], ['ю', 'иу'], ['я', 'иа']]
    LOOP
      key := replace(key, pair[1], pair[2]);
    END LOOP;
    key := translate(key, 'abcdefghijklmnopqrstuvwyz', 'абкдефгхижклмнопкрстуввиз');
    RETURN replace(replace(key, 'ии', 'и'), 'ии', 'и');
  END $$;

ALTER TABLE clients ADD COLUMN name_key TEXT GENERATED ALWAYS AS (key_of_name(name)) STORED;
ALTER TABLE leads ADD COLUMN name_key TEXT GENERATED ALWAYS AS (key_of_name(name)) STORED;
-- The release before searches without it for as long as it still runs: slower, and right.

DROP INDEX clients_name_trgm_idx;
CREATE INDEX clients_name_key_trgm_idx ON clients USING gin (name_key gin_trgm_ops);
COMMENT ON COLUMN clients.name_key IS 'as it sounds; what a search compares';
COMMENT ON COLUMN leads.name_key IS 'as it sounds; what a search compares';
