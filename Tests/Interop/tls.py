def client_against_tls(p, f, d): pass
