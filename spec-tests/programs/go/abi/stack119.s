//go:build js && !go1.21

#include "textflag.h"

TEXT ·hostAdd(SB), NOSPLIT, $0
	CallImport
	RET

TEXT ·hostMix(SB), NOSPLIT, $0
	CallImport
	RET

TEXT ·hostFill(SB), NOSPLIT, $0
	CallImport
	RET
