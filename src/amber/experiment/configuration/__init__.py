"""What a configuration says: its sections, checked, each mistake with file, line and key.

`reading` puts the checks together, `sections` and `data_sections` say which keys there are, `document` holds the lines.
"""
