"""People at screens, without a screen: strangers who speak the documented API only."""
