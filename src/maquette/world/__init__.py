"""The picture-book world: scenes as data, drawn in four styles and captioned in two languages."""
