"""One story for each practice: from the dropped file to the last byte gone."""
