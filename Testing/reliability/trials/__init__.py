"""What SemiSegEmbed is put through, one file a topic; each has `run(short) -> list[Row]`."""
