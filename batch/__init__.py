"""Maps of many photos: `heedmap batch FOLDER --out OUT --model ID`.

    command    the arguments
    job        what is asked for, and what tells one job from another
    find       the photos of a folder, a pattern or a bucket
    folder     what is written: parts, once each, by one run at a time
    parts      rows as Parquet
    work       photos to rows and pictures: what every worker does
    local      workers that are processes of this machine
cluster    workers that are actors of Ray
    sheet      the contact sheet

A worker writes a part when all its photos are done, so a run that is killed loses the photos that
its workers had in hand, and the next one goes on with exactly these.
"""
