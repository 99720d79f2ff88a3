"""SD-JWT VC, OpenID4VCI, OpenID4VP, did:web and status lists as pure functions.

No Django, no network, no clock, no global randomness: time is `now` in whole seconds, randomness is an argument
(`secrets.token_bytes`, `secrets.randbelow`). Bytes and mappings come in, dataclasses go out, every refusal is one
`errors.ProtocolError` with the standard's `code`, an HTTP `status`, `body()` and `headers()` for the wallet, and
`reason`, `clause`, `found`, `expected` for the log. Whatever is not verified has `unverified` in its name. Empty
lists of keys, issuers, types, nonces or algorithms refuse. Wrong use by our own code is a `ValueError`.

keys               Signer, LocalSigner, public_jwk, thumbprint, check_public_jwk, verify_signature
did_key            resolve_did_url, did_key, did_jwk
did_web            did_web, did_document_url, verification_method_id, did_document, read_did_document
linked_domain      build_domain_linkage_credential, did_configuration, verify_did_configuration
sd_jwt             Disclosable, issue_sd_jwt, split_sd_jwt, parse_issuer_jwt, verify_sd_jwt
key_binding        build_kb_jwt, verify_kb_jwt, sd_hash
sd_jwt_vc          issue_credential, verify_credential, verify_presentation
jwt_vc             issue_jwt_credential, verify_jwt_credential, build_jwt_presentation, verify_jwt_presentation
trust              Trust: issuers, keys and anchors of the caller for one query
certificates       read_certificates, client_id_of_host, client_id_of_certificate, verify_chain
status_list        StatusReference, pack_statuses, build_status_list_token, verify_status_list_token,
                   VerifiedStatusList.require_valid, choose_unused_index
credential_offer   CredentialOffer, TxCode, offer_link_by_reference, offer_link_by_value
issuer_metadata    CredentialConfiguration, issuer_metadata, sign_issuer_metadata,
                   authorization_server_metadata, well_known_paths
issuance           parse_token_request, verify_token_request, token_response, nonce_response, read_access_token,
                   parse_notification, and the refusals
credential_request parse_credential_request, parse_deferred_request, credential_response, deferred_response,
                   encrypt_response, and the refusals
key_proof          unverified_nonces, verify_key_proofs
dpop               verify_dpop_proof (advertise it only where it is called)
dcql               ClaimQuery, CredentialQuery, DcqlQuery, parse_dcql_query
encryption         generate_encryption_key
presentation_request  build_request_object, request_link, parse_request_uri_post, encrypt_request_object,
                   encode_transaction_data, client_id_of_did, ResponseMode
presentation       PresentationTransaction, read_authorization_response, verify_vp_token, direct_post_response
holder             the wallet's side, for tests and scripts

An issuer's views, each wrapped in `except ProtocolError as e: JsonResponse(e.body(), e.status, e.headers())`:

    def token(request):
        wanted = parse_token_request(request.body, request.content_type, known_configurations=ours)
        grant = take_grant(wanted.pre_authorized_code)      # counts the try and commits; PreAuthorizedGrant or None
        verify_token_request(wanted, expected_grant=grant, digest=hmac_of_code, now=now)
        return JsonResponse(token_response(redeem_grant(grant)), headers=NO_STORE)

    def credential(request):
        sent = read_access_token(request.headers.get("Authorization"))
        token = find_token(sent.unverified_token)   # or unknown_access_token(); a bound one with verify_dpop_proof
        wanted = parse_credential_request(
            request.body, request.content_type, known_configurations=token.configurations
        )
        live = take_nonces(unverified_nonces(wanted.unverified_proofs))               # commits: single use
        (proof,) = verify_key_proofs(
            wanted.unverified_proofs, expected_issuer=authority.issuer, expected_nonces=live, now=now
        )
        status = StatusReference(uri, choose_unused_index(used=used, random_below=secrets.randbelow))
        text = issue_credential(
            signer=signer, issuer=authority.did, vct=vct, holder_key=proof.jwk, issued_at=now, expires_at=until,
            disclosable=claims, random=secrets.token_bytes, status=status,
        )
        return JsonResponse(credential_response([text], notification_id=notification), headers=NO_STORE)

A verifier's view; the request before it came from `build_request_object` with the same stored transaction:

    def response(request, request_id):
        transaction = take_transaction(request_id)          # locks, marks used or counts; PresentationTransaction
        answer = read_authorization_response(
            request.body, request.content_type, expected=transaction, now=now
        )
        if isinstance(answer, WalletError):
            return JsonResponse(decline(transaction, answer.error))                   # 200, section 8.2
        verified = verify_vp_token(
            answer, expected=transaction, trust={"id": Trust((authority.did,), keys_of_own_store)}, now=now
        )
        for shown in verified.presentations.values():       # fail closed: no status, no list, no answer
            cached_list(shown.credential.status).require_valid(shown.credential.status)
        return JsonResponse(direct_post_response(complete(transaction, verified)))    # fresh response_code
"""
