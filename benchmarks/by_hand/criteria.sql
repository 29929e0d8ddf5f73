-- criteria.md, translated by hand: semi- and anti-joins wherever a variable is not needed further on, texts as they are.
-- The variable `facts` names the directory of the tables.

CREATE TABLE asked AS FROM read_parquet(getvariable('facts') || '/requested.parquet');
CREATE TABLE day AS FROM read_parquet(getvariable('facts') || '/request_date.parquet');
CREATE TABLE compression AS FROM read_parquet(getvariable('facts') || '/root_compression.parquet');

CREATE TABLE imaged AS
SELECT DISTINCT s."Case", s.Level
FROM (
    SELECT "Case", Level, "On" FROM compression WHERE Study IN ('mri', 'ct', 'ct_myelogram')
    UNION ALL
    SELECT "Case", Level, "On" FROM read_parquet(getvariable('facts') || '/herniation.parquet')
    WHERE Kind <> 'bulge' AND Study IN ('mri', 'ct', 'ct_myelogram')
    UNION ALL
    SELECT "Case", Level, "On" FROM read_parquet(getvariable('facts') || '/stenosis.parquet')
    WHERE Grade IN ('moderate', 'moderate_to_severe', 'severe') AND Study IN ('mri', 'ct', 'ct_myelogram')
) s
JOIN day d ON s."Case" = d."Case" AND s."On" <= d."On" AND d."On" - s."On" <= 365;

CREATE TABLE weak AS
SELECT DISTINCT m."Case", i.Root, m.Side
FROM read_parquet(getvariable('facts') || '/motor_strength.parquet') m
JOIN (VALUES
    ('L1', 'iliopsoas'), ('L2', 'iliopsoas'), ('L3', 'quadriceps'), ('L4', 'quadriceps'), ('L4', 'tibialis_anterior'),
    ('L5', 'tibialis_anterior'), ('L5', 'extensor_hallucis_longus'), ('L5', 'gluteus_medius'), ('L5', 'peroneals'),
    ('S1', 'peroneals'), ('S1', 'hamstrings'), ('S1', 'gastrocnemius')
) i(Root, Muscle) USING (Muscle)
WHERE m.Source = 'examination'
  AND m.Grade IN ('0', '1', '2-', '2', '2+', '3-', '3', '3+', '4-', '4');

CREATE TABLE explained AS
SELECT DISTINCT c."Case", c.Level FROM compression c SEMI JOIN weak w USING ("Case", Root, Side);

CREATE TABLE conservative AS
SELECT "Case" FROM read_parquet(getvariable('facts') || '/therapy.parquet')
WHERE ("End" - Start) + 1 >= 42 AND Outcome <> 'improved'
GROUP BY "Case" HAVING count(DISTINCT Modality) >= 2;

CREATE TABLE urgent AS
SELECT "Case" FROM read_parquet(getvariable('facts') || '/cauda_equina.parquet')
UNION
SELECT r."Case" FROM read_parquet(getvariable('facts') || '/weakness_reported.parquet') r
SEMI JOIN weak USING ("Case")
ANTI JOIN read_parquet(getvariable('facts') || '/radicular_pain.parquet') p USING ("Case");

CREATE TABLE limited AS
SELECT "Case" FROM read_parquet(getvariable('facts') || '/activities_limited.parquet')
UNION
SELECT "Case" FROM read_parquet(getvariable('facts') || '/oswestry.parquet') WHERE Percent >= 40;

CREATE TABLE barred AS
SELECT DISTINCT n."Case" FROM read_parquet(getvariable('facts') || '/nicotine_status.parquet') n
SEMI JOIN (SELECT "Case" FROM read_parquet(getvariable('facts') || '/hba1c.parquet') WHERE Percent > 8) h USING ("Case")
WHERE n.Status = 'current';

CREATE TABLE unstable AS
SELECT "Case", Level FROM read_parquet(getvariable('facts') || '/translation.parquet') WHERE Millimetres >= 3
UNION
SELECT "Case", Level FROM read_parquet(getvariable('facts') || '/listhesis.parquet')
WHERE Grade IN ('II', 'III', 'IV', 'V');

CREATE TABLE supported AS
SELECT a."Case", a.Item FROM asked a
SEMI JOIN imaged USING ("Case", Level) SEMI JOIN limited USING ("Case") SEMI JOIN conservative USING ("Case")
ANTI JOIN barred USING ("Case") ANTI JOIN unstable USING ("Case", Level)
UNION
SELECT a."Case", a.Item FROM asked a SEMI JOIN imaged USING ("Case", Level) SEMI JOIN urgent USING ("Case")
UNION
SELECT a."Case", a.Item FROM asked a SEMI JOIN explained USING ("Case", Level) SEMI JOIN limited USING ("Case")
SEMI JOIN read_parquet(getvariable('facts') || '/denied_listhesis.parquet') d
    ON a."Case" = d."Case" AND d.Level IN ('_', a.Level);
